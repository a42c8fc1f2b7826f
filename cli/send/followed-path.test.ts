import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import type { LineFormatName } from "../../services/domain/lines/line-format.ts";
import type { FollowedFile, FollowedParts } from "./followed-file.ts";
import { FollowedPath } from "./followed-path.ts";
import { parsePositions } from "./parse-positions.ts";
import type { Positions } from "./position-file.ts";
import type { SourceBatch } from "./source-batches.ts";

const NOTHING: Positions = { paths: [], files: [] };
const IDLE_MS = 600; // A record is sent that might have gone on.
const FORGOTTEN_MS = 31_000; // A file that was rotated away is left.

/** A log that a program writes and others rotate, whoever follows it, and a server that stores what it is sent. */
class World {
  readonly folder = mkdtempSync(join(tmpdir(), "logpulse-follow-"));
  readonly path = join(this.folder, "app.log");
  readonly said: string[] = [];
  /** What stood in each file when it was rotated away, and what was added to it later. */
  readonly rotated: { path: string; text: string }[] = [];
  text = ""; // Of the current file.
  howRotated: "rename" | "copy" = "rename"; // Programs that rotate logs do it in one way.
  private follower: FollowedPath | undefined;
  private positions = JSON.stringify({ version: 1, ...NOTHING });
  private onTheirWay: { batch: SourceBatch; file: FollowedFile }[] = [];
  private readonly stored = new Map<string, string>(); // Messages by identity.
  private nextLine = 0;
  private isSeen = false;
  private touches = 0;
  private passedMs = 0; // Beside what has really passed.
  private nextRotation = 0;

  async begin(options: { service?: string; format?: LineFormatName } = {}): Promise<void> {
    const { service = "app", format } = options;
    const parts: FollowedParts = {
      context: this.context(service),
      format,
      strict: false,
      recordsPerBatch: 3,
      eventsOf: () => ({ onLines() {}, onReject() {}, onEmpty() {}, onDetected() {} }),
      send: async (batch, file) => void this.onTheirWay.push({ batch, file }),
      savePosition: async () => this.save(),
    };
    this.follower = new FollowedPath(this.path, parts, (text) => this.said.push(text.replaceAll(this.folder, "…")));
    await this.follower.resume(parsePositions(this.positions)!);
  }

  /** Lines that are not like any other, the first of them after what is left of a line without a break. */
  write(lines: number, { isTrace = false, isPartial = false } = {}): void {
    const text = this.linesOf(lines, isTrace) + (isPartial ? `INFO part ${this.nextLine++}` : "");
    this.append(this.path, text);
    this.text += text;
  }

  /** Into the file that was rotated away last. */
  writeLate(): void {
    const last = this.rotated.at(-1);
    if (last === undefined) return;
    const text = this.linesOf(1, false);
    this.append(last.path, text);
    last.text += text;
  }

  /** A file that is rotated by copying has been seen with something in it: looks are a quarter of a second apart. */
  async rotate(how: "rename" | "copy"): Promise<void> {
    if (this.text === "") return;
    if (how === "copy" && this.follower && !this.isSeen) await this.read();
    this.isSeen = false;
    const path = `${this.path}.${++this.nextRotation}`;
    if (how === "rename") renameSync(this.path, path);
    else {
      copyFileSync(this.path, path);
      this.touch(path);
      truncateSync(this.path);
    }
    this.rotated.push({ path, text: this.text });
    this.text = "";
  }

  /** Looks, and reads everything that there is. */
  async read(): Promise<void> {
    await this.follower!.look();
    while (await this.follower!.readOn());
    this.isSeen = this.text !== "";
  }

  async pass(ms: number): Promise<void> {
    vi.advanceTimersByTime(ms);
    this.passedMs += ms;
    await this.read();
  }

  /** The server stores all that is on its way, and acknowledges those whose place is in `places`. */
  acknowledge(places: readonly number[]): void {
    for (const { batch } of this.onTheirWay) this.store(batch);
    const told = this.onTheirWay.filter((_, place) => places.includes(place));
    this.onTheirWay = this.onTheirWay.filter((each) => !told.includes(each));
    for (const { batch, file } of told.reverse()) file.settle(batch);
  }

  acknowledgeAll(): void {
    this.acknowledge(this.onTheirWay.map((_, place) => place));
  }

  save(): void {
    const { pathPosition, filePositions } = this.follower!;
    this.positions = JSON.stringify({ version: 1, paths: [pathPosition], files: filePositions });
  }

  /** The follower ends at once; of what was on its way every second batch had reached the server. */
  async crash(): Promise<void> {
    for (const { batch } of this.onTheirWay.filter((_, place) => place % 2 === 1)) this.store(batch);
    this.onTheirWay = [];
    await this.follower?.close();
    this.follower = undefined;
  }

  async stop(): Promise<void> {
    await this.follower!.stop();
    this.acknowledgeAll();
    this.save();
    await this.follower!.close();
    this.follower = undefined;
  }

  /** Until nothing is left to be sent. A line without a break gets one: it is none before. */
  async end(): Promise<void> {
    if (this.follower === undefined) await this.begin();
    if (/[^\n]$/.test(this.text)) this.write(1);
    for (const ms of [0, IDLE_MS, FORGOTTEN_MS, IDLE_MS]) {
      await this.pass(ms);
      this.acknowledgeAll();
    }
    await this.stop();
  }

  get messages(): string[] {
    return [...this.stored.values()];
  }

  /** Each line that the server has, as often as it has it. */
  get storedLines(): string[] {
    return this.messages.flatMap((message) => message.split("\n")).sort();
  }

  /** Each line that was written. */
  get writtenLines(): string[] {
    const texts = [...this.rotated.map(({ text }) => text), this.text];
    return texts.flatMap((text) => text.split("\n").filter((line) => line !== "")).sort();
  }

  async remove(): Promise<void> {
    await this.follower?.close();
    rmSync(this.folder, { recursive: true });
  }

  private get nowMs(): number {
    return Date.now() + this.passedMs;
  }

  private context(service: string): FollowedParts["context"] {
    const nowMs = () => this.nowMs;
    return {
      service,
      get nowMs() {
        return nowMs();
      },
      offsetMinutes: () => 0,
    };
  }

  private append(path: string, text: string): void {
    appendFileSync(path, text);
    this.touch(path);
  }

  /** Times of files are real ones, unless they are set. No two are the same. */
  private touch(path: string): void {
    const seconds = this.nowMs / 1_000 + this.touches++ / 1_000_000;
    utimesSync(path, seconds, seconds);
  }

  private linesOf(count: number, isTrace: boolean): string {
    const line = (at: number) => (isTrace && at > 0 ? `\tat line.${this.nextLine++}` : `INFO line ${this.nextLine++}`);
    return Array.from({ length: count }, (_, at) => `${line(at)}\n`).join("");
  }

  private store({ bytes, firstSeq }: SourceBatch): void {
    const { producerId, records } = fromBinary(LogBatchSchema, bytes);
    records.forEach(({ message }, index) => {
      const identity = `${Buffer.from(producerId).toString("hex")}-${firstSeq + index}`;
      const before = this.stored.get(identity);
      if (before !== undefined && before !== message) throw new Error(`${identity} is "${before}" and "${message}"`);
      this.stored.set(identity, message);
    });
  }
}

let world: World;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  world = new World();
});
afterEach(async () => {
  await world.remove();
  vi.useRealTimers();
});

describe("a file that is followed", () => {
  it("is waited for, and sent as it grows; a record that might go on is sent after a while", async () => {
    await world.begin();
    expect(world.said).toEqual(["…/app.log: there is no such file yet; waiting for it"]);
    world.write(2);
    await world.read();
    world.acknowledgeAll();
    expect(world.messages).toEqual([]);
    await world.pass(IDLE_MS);
    world.acknowledgeAll();
    expect(world.messages).toEqual(["INFO line 0", "INFO line 1"]);
    world.write(3, { isTrace: true });
    await world.read();
    await world.pass(IDLE_MS);
    world.acknowledgeAll();
    expect(world.messages.slice(2)).toEqual(["INFO line 2\n\tat line.3\n\tat line.4"]);
  });

  it("is no line before its line break, however long that takes", async () => {
    await world.begin();
    world.write(1, { isPartial: true });
    await world.pass(IDLE_MS);
    await world.pass(FORGOTTEN_MS);
    world.write(1);
    await world.pass(IDLE_MS);
    await world.pass(IDLE_MS);
    world.acknowledgeAll();
    expect(world.messages).toEqual(["INFO line 0", "INFO part 1INFO line 2"]);
  });

  it.each(["rename", "copy"] as const)(
    "is read to its end when it is rotated away (%s), then the new one",
    async (how) => {
      await world.begin();
      world.write(2);
      await world.read();
      world.write(2, { isPartial: true });
      await world.rotate(how);
      world.write(2);
      await world.end();
      expect(world.storedLines).toEqual(world.writtenLines);
      expect(world.said.slice(1)).toEqual([
        how === "rename"
          ? "…/app.log: it was rotated; going on with the new file"
          : "…/app.log: it was cut or written over; reading it from its beginning; its rest is read from …/app.log.1",
      ]);
    },
  );

  it("is read from its beginning when it was cut to nothing, which is told", async () => {
    await world.begin();
    world.write(5);
    await world.pass(IDLE_MS);
    truncateSync(world.path);
    world.write(2);
    await world.end();
    expect(world.storedLines).toEqual([0, 1, 2, 3, 4, 5, 6].map((line) => `INFO line ${line}`));
    expect(world.said.at(-1)).toBe(
      "…/app.log: it was cut or written over; reading it from its beginning; " +
        "what was added to it just before, if anything, is not sent",
    );
  });

  it("may be longer than before when it was written over", async () => {
    await world.begin();
    world.write(1);
    await world.pass(IDLE_MS);
    truncateSync(world.path);
    world.write(50);
    await world.end();
    expect(world.messages).toHaveLength(51);
  });

  it("goes on where everything was acknowledged", async () => {
    await world.begin();
    world.write(4);
    await world.end();
    world.write(2);
    await world.end();
    expect(world.messages).toHaveLength(6);
    const saved = world.messages;
    await world.end();
    expect(world.messages).toEqual(saved);
  });

  it("keeps what was read and might go on for the next call", async () => {
    await world.begin({ format: "text" });
    world.write(2);
    await world.read();
    await world.stop();
    expect(world.messages).toEqual(["INFO line 0"]);
    appendFileSync(world.path, "\tat last\n");
    await world.end();
    expect(world.messages).toEqual(["INFO line 0", "INFO line 1\n\tat last"]);
  });

  it("keeps its format when it is rotated, and when another call goes on", async () => {
    writeFileSync(world.path, '{"msg":"a"}\n{"msg":"b"}\n');
    world.text = "1";
    await world.begin();
    await world.read();
    await world.pass(IDLE_MS);
    await world.rotate("rename");
    writeFileSync(world.path, "plain\n");
    await world.end();
    appendFileSync(world.path, '{"msg":"c"}\n');
    await world.end();
    expect(world.messages).toEqual(["a", "b", "plain", "c"]);
  });

  it("cannot be gone on with in another way while some of it may be in doubt", async () => {
    world.write(2);
    await world.begin();
    await world.read();
    await world.pass(IDLE_MS);
    await world.crash();
    const message = expect.stringContaining("was followed with -s app --format text so far");
    await expect(world.begin({ service: "other" })).rejects.toMatchObject({ exitCode: 2, message });
    await expect(world.begin({ format: "json" })).rejects.toMatchObject({ exitCode: 2, message });
    await world.begin({ format: "text" });
  });

  it("is not gone on with where it is another one, which is told", async () => {
    world.write(2);
    await world.begin();
    await world.end();
    rmSync(world.path);
    writeFileSync(world.path, "INFO other 1\nINFO other 2\nINFO other 3\n");
    await world.end();
    expect(world.messages.slice(2)).toEqual(["INFO other 1", "INFO other 2", "INFO other 3"]);
    expect(world.said.at(-1)).toMatch(/the file that was acknowledged up to byte 24 is gone/);
  });

  it("cannot be gzip data", async () => {
    writeFileSync(world.path, gzipSync("a\n"));
    await world.begin();
    await expect(world.read()).rejects.toThrow("holds gzip data, which cannot be followed");
  });

  it("is the only one that is read of those that are there at first", async () => {
    world.write(2);
    await world.rotate("rename");
    const earlier = Date.now() / 1_000 - 2;
    utimesSync(`${world.path}.1`, earlier, earlier);
    world.write(2);
    await world.end();
    expect(world.storedLines).toEqual(["INFO line 2", "INFO line 3"]);
  });

  it("is named where it was packed while nobody followed", async () => {
    world.write(2);
    await world.begin();
    await world.end();
    await world.rotate("rename");
    writeFileSync(`${world.path}-20260301.gz`, gzipSync("INFO packed\n"));
    const later = Date.now() / 1_000 + 60;
    utimesSync(`${world.path}-20260301.gz`, later, later);
    world.write(1);
    await world.end();
    expect(world.storedLines).toEqual(world.writtenLines);
    expect(world.said).toContain(
      "…/app.log-20260301.gz was rotated and packed before it was seen; logpulse send …/app.log-20260301.gz sends it",
    );
  });
});

type Action = (world: World) => void | Promise<void>;

const named = (name: string, action: Action) => Object.assign(action, { [fc.toStringMethod]: () => name });
const write = fc
  .record({ lines: fc.integer({ min: 0, max: 7 }), isTrace: fc.boolean(), isPartial: fc.boolean() })
  .map((how) => named(`write ${JSON.stringify(how)}`, (each) => each.write(how.lines, how)));
const acknowledge = fc
  .uniqueArray(fc.nat(6), { maxLength: 5 })
  .map((places) => named(`acknowledge ${places}`, (each) => each.acknowledge(places)));
const rotate = fc.constant(named("rotate", (each) => each.rotate(each.howRotated)));
const actions = fc.oneof(
  { weight: 4, arbitrary: write },
  { weight: 3, arbitrary: acknowledge },
  { weight: 1, arbitrary: rotate },
  { weight: 3, arbitrary: fc.constant(named("read", (each) => each.read())) },
  { weight: 1, arbitrary: fc.constant(named("pass", (each) => each.pass(IDLE_MS))) },
  { weight: 1, arbitrary: fc.constant(named("save", (each) => each.save())) },
  { weight: 1, arbitrary: fc.constant(named("forget", (each) => each.pass(FORGOTTEN_MS))) },
);
const whileAway = fc.array(fc.oneof({ weight: 2, arbitrary: write }, { weight: 1, arbitrary: rotate }), {
  maxLength: 4,
});
const end = fc.constantFrom("crash" as const, "stop" as const);
const calls = fc.array(fc.record({ during: fc.array(actions, { maxLength: 15 }), end, whileAway }), { maxLength: 4 });

describe("whatever is written, rotated, acknowledged, killed and begun again", () => {
  it("each line is stored once", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc
        .asyncProperty(fc.constantFrom("rename" as const, "copy" as const), calls, async (howRotated, all) => {
          world.howRotated = howRotated;
          for (const call of all) {
            await world.begin();
            for (const action of call.during) await action(world);
            await world[call.end]();
            for (const action of call.whileAway) await action(world);
          }
          await world.end();
          expect(world.storedLines).toEqual(world.writtenLines);
        })
        .beforeEach(async () => {
          await world.remove();
          world = new World();
        }),
      { numRuns: Number(process.env.FOLLOW_RUNS ?? 150) },
    );
  });
});
