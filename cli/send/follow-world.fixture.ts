import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import type { LineFormatName } from "../../services/domain/lines/line-format.ts";
import type { FollowedFile } from "./followed-file.ts";
import type { FollowedParts } from "./followed-parts.ts";
import { FollowedPath } from "./followed-path.ts";
import { parsePositions } from "./parse-positions.ts";
import { RotatedLog, WorldClock } from "./rotated-log.fixture.ts";
import type { SourceBatch } from "./source-batches.ts";

/** Of those that follow: longer than a record is held that might go on. */
export const IDLE_MS = 600;
/** The same: a file that was rotated away is left. */
export const FORGOTTEN_MS = 31_000;

/** What `logpulse send --follow` is told. */
interface Beginning {
  service?: string;
  format?: LineFormatName;
  zone?: string;
}

/** Logs that a program writes and others rotate, whoever follows them, and a server that stores what it is sent. */
export class World {
  readonly folder = mkdtempSync(join(tmpdir(), "logpulse-follow-"));
  readonly logs: readonly RotatedLog[];
  readonly said: string[] = [];
  /** What stands in the position file, which all logs share. */
  positions = '{"version":1,"paths":[],"files":[]}';
  private followers: FollowedPath[] = [];
  private onTheirWay: { batch: SourceBatch; file: FollowedFile }[] = [];
  private readonly stored = new Map<string, string>(); // Messages by identity.
  private readonly clock = new WorldClock();

  /** `names`: of the logs. */
  constructor(names: readonly string[] = ["app.log"]) {
    let nextLine = 0;
    this.logs = names.map((name) => new RotatedLog(join(this.folder, name), this.clock, () => nextLine++));
  }

  /** The first one. */
  get log(): RotatedLog {
    return this.logs[0]!;
  }

  /** As `logpulse send --follow` begins. A start that is refused ends as that does. */
  async begin({ service = "app", format, zone = "UTC" }: Beginning = {}): Promise<void> {
    const parts: FollowedParts = {
      context: this.clock.contextOf(service),
      zone,
      format,
      strict: false,
      recordsPerBatch: 3,
      eventsOf: () => ({ onLines() {}, onReject() {}, onEmpty() {}, onDetected() {} }),
      send: async (batch, file) => void this.onTheirWay.push({ batch, file }),
      savePosition: async () => this.save(),
      say: (text) => this.said.push(text.replaceAll(this.folder, "…")),
    };
    this.followers = this.logs.map(({ path }) => new FollowedPath(path, parts));
    for (const follower of this.followers) follower.remember(parsePositions(this.positions)!);
    try {
      for (const follower of this.followers) follower.requireSameReading();
      for (const follower of this.followers) await follower.resume();
    } catch (reason) {
      this.save();
      await this.close();
      throw reason;
    }
  }

  /** Looks, and reads everything that there is. */
  async read(): Promise<void> {
    for (const follower of this.followers) await follower.look();
    for (let hasRead = true; hasRead; ) {
      hasRead = false;
      for (const follower of this.followers) hasRead = (await follower.readOn()) || hasRead;
    }
    for (const log of this.logs) log.isSeen = log.text !== "";
  }

  async pass(ms: number): Promise<void> {
    this.clock.pass(ms);
    await this.read();
  }

  /** Before a rotation by copying, a log that is followed has been seen with something in it: looks are a quarter of a second apart. */
  async rotate(how: "rename" | "copy", log = this.log): Promise<void> {
    if (how === "copy" && this.followers.length > 0 && !log.isSeen) await this.read();
    log.rotate(how);
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
    const all = this.followers.map(({ positions }) => positions);
    const [paths, files] = [all.flatMap((each) => each.paths), all.flatMap((each) => each.files)];
    this.positions = JSON.stringify({ version: 1, paths, files });
  }

  /** The follower ends at once; of what was on its way every second batch had reached the server. */
  async crash(): Promise<void> {
    for (const { batch } of this.onTheirWay.filter((_, place) => place % 2 === 1)) this.store(batch);
    await this.close();
  }

  async stop(): Promise<void> {
    for (const follower of this.followers) await follower.stop();
    this.acknowledgeAll();
    this.save();
    await this.close();
  }

  /** Until nothing is left to be sent. A line without a break gets one: it is none before. */
  async end(): Promise<void> {
    if (this.followers.length === 0) await this.begin();
    for (const log of this.logs) {
      log.moveBack();
      if (log.isUnfinished) log.write(1);
    }
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
    return this.logs.flatMap(({ writtenLines }) => writtenLines).sort();
  }

  async remove(): Promise<void> {
    await this.close();
    rmSync(this.folder, { recursive: true });
  }

  private async close(): Promise<void> {
    this.onTheirWay = [];
    for (const follower of this.followers) await follower.close();
    this.followers = [];
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
