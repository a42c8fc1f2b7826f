import { boundedKey } from "../../domain/bounded-key.ts";
import { MEMORY_CACHE_BYTES_MAX } from "../../domain/limits.ts";
import type { Cache } from "../../ports/cache.ts";
import type { Clock } from "../../ports/clock.ts";

/** What an entry costs beside its key and value, roughly. */
const ENTRY_BYTES = 200;

interface Entry {
  value: Uint8Array;
  endsAtMs: number;
}

/** A cache of one process. Beyond `bytesMax` the entries used longest ago go first. */
export class MemoryCache implements Cache {
  private readonly clock: Clock;
  private readonly bytesMax: number;
  private readonly entries = new Map<string, Entry>(); // In the order of their last use.
  private bytes = 0;

  constructor(clock: Clock, bytesMax = MEMORY_CACHE_BYTES_MAX) {
    this.clock = clock;
    this.bytesMax = bytesMax;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const name = boundedKey(key);
    const entry = this.remove(name);
    if (entry === undefined || entry.endsAtMs <= this.clock.nowMs()) return undefined;
    this.put(name, entry);
    return new Uint8Array(entry.value); // The caller may write into what it gets.
  }

  async set(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    const name = boundedKey(key);
    this.remove(name);
    this.put(name, { value: new Uint8Array(value), endsAtMs: this.clock.nowMs() + ttlMs });
    for (const oldest of this.entries.keys()) {
      if (this.bytes <= this.bytesMax) break;
      this.remove(oldest);
    }
  }

  async close(): Promise<void> {}

  private put(name: string, entry: Entry): void {
    this.entries.set(name, entry);
    this.bytes += bytesOf(name, entry);
  }

  private remove(name: string): Entry | undefined {
    const entry = this.entries.get(name);
    if (entry !== undefined) {
      this.entries.delete(name);
      this.bytes -= bytesOf(name, entry);
    }
    return entry;
  }
}

function bytesOf(name: string, entry: Entry): number {
  return 2 * name.length + entry.value.length + ENTRY_BYTES;
}
