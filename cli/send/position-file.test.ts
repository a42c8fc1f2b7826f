import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { LINE_FORMAT_NAMES } from "../../services/domain/lines/line-format.ts";
import { parsePositions } from "./parse-positions.ts";
import { PositionFile, type Positions } from "./position-file.ts";
import { usualPositionPath } from "./position-path.ts";
import { PositionTracker } from "./position-tracker.ts";
import type { SourceBatch, SourcePosition } from "./source-batches.ts";

const folder = mkdtempSync(join(tmpdir(), "logpulse-position-"));
afterAll(() => rmSync(folder, { recursive: true }));

const producer = fc.stringMatching(/^[0-9a-f]{32}$/);
const offset = fc.maxSafeNat();
const positions: fc.Arbitrary<Positions> = fc.record({
  paths: fc.array(fc.record({ path: fc.string({ unit: "binary" }), knownMs: offset }), { maxLength: 3 }),
  files: fc.array(
    fc.record({
      path: fc.string({ unit: "binary" }),
      device: fc.string(),
      inode: fc.string(),
      fingerprint: fc.record({ bytes: offset, sha256: fc.string() }),
      format: fc.option(fc.constantFrom(...LINE_FORMAT_NAMES), { nil: undefined }),
      strict: fc.boolean(),
      service: fc.string({ unit: "binary" }),
      position: fc.record({
        offset,
        lines: offset,
        memory: fc.array(fc.boolean(), { maxLength: 3 }),
        producer,
        seq: offset,
      }),
      marks: fc.array(fc.oneof(fc.record({ offset }), fc.record({ offset, producer })), { maxLength: 3 }),
      zone: fc.option(fc.string(), { nil: undefined }),
      left: fc.constantFrom(undefined, "done" as const, "missing" as const),
    }),
    { maxLength: 3 },
  ),
});

/** As it was noted before files that were left were. */
const OLD_FILE = {
  path: "/a",
  device: "1",
  inode: "2",
  fingerprint: { bytes: 3, sha256: "ab" },
  format: "text",
  strict: false,
  service: "app",
  position: { offset: 3, lines: 1, memory: [false], producer: "0".repeat(32), seq: 1 },
  marks: [],
};

describe("a position file", () => {
  it("gives back any positions", async () => {
    const path = join(folder, "any", "file");
    let state: Positions = { paths: [], files: [] };
    await fc.assert(
      fc.asyncProperty(positions, async (given) => {
        const file = new PositionFile(path, () => state);
        state = given;
        await file.save();
        file.release();
        const again = new PositionFile(path, () => state);
        again.release();
        expect(again.before).toEqual(JSON.parse(JSON.stringify(given)));
      }),
      { numRuns: 50 },
    );
    expect(readdirSync(join(folder, "any")).sort()).toEqual(["file", "file.lock"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "any")).mode & 0o777).toBe(0o700);
  });

  it("of an older version is read", () => {
    const older = { version: 1, paths: [{ path: "/a", knownMs: 1 }], files: [OLD_FILE] };
    expect(parsePositions(JSON.stringify(older))).toEqual({ paths: older.paths, files: older.files });
  });

  it("is empty where there is none", () => {
    const file = new PositionFile(join(folder, "none"), () => ({ paths: [], files: [] }));
    expect(file.before).toEqual({ paths: [], files: [] });
    file.release();
  });

  it("holds the state of the last call when all are done, however many come at once", async () => {
    const path = join(folder, "many");
    let knownMs = 0;
    let reads = 0;
    const file = new PositionFile(path, () => {
      reads += 1;
      return { paths: [{ path: "/a", knownMs }], files: [] };
    });
    const saves = Array.from({ length: 50 }, (_, at) => {
      knownMs = at;
      return file.save();
    });
    await Promise.all(saves);
    expect(parsePositions(readFileSync(path, "utf8"))?.paths).toEqual([{ path: "/a", knownMs: 49 }]);
    expect(reads).toBe(2);
    file.release();
  });

  it("throws where it cannot be written, and is written later", async () => {
    const path = join(folder, "gone", "file");
    const file = new PositionFile(path, () => ({ paths: [], files: [] }));
    rmSync(join(folder, "gone"), { recursive: true });
    await expect(file.save()).rejects.toThrow("ENOENT");
    file.release();
    const again = new PositionFile(path, () => ({ paths: [], files: [] }));
    await again.save();
    expect(existsSync(path)).toBe(true);
    again.release();
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["another version", '{"version":2,"paths":[],"files":[]}'],
    ["no files", '{"version":1,"paths":[]}'],
    ["a number that is none", '{"version":1,"paths":[{"path":"/a","knownMs":-1}],"files":[]}'],
    [
      "a file that was left for no reason",
      JSON.stringify({ version: 1, paths: [], files: [{ ...OLD_FILE, left: "no" }] }),
    ],
    ["a file without a position", '{"version":1,"paths":[],"files":[{"path":"/a"}]}'],
  ])("is refused where it holds %s", (_name, text) => {
    const path = join(folder, "wrong");
    writeFileSync(path, text);
    const open = () => new PositionFile(path, () => ({ paths: [], files: [] }));
    expect(open).toThrow(`${path} is not a position file of logpulse send`);
    expect(open).toThrow("is not a position file"); // The lock was given back.
  });

  it("has a usual place for each server and file", () => {
    const env = { XDG_STATE_HOME: "/state" };
    const one = usualPositionPath(env, "127.0.0.1:8080", "/var/log/a b.log");
    expect(one).toMatch(/^\/state\/logpulse\/a_b\.log-[0-9a-f]{16}\.position$/);
    expect(usualPositionPath(env, "127.0.0.1:8081", "/var/log/a b.log")).not.toBe(one);
    expect(usualPositionPath(env, "127.0.0.1:8080", "/var/log/b/a b.log")).not.toBe(one);
    for (const home of [{}, { XDG_STATE_HOME: "" }, { XDG_STATE_HOME: "state" }]) {
      const path = usualPositionPath({ HOME: "/home/me", ...home }, "h:1", "/a");
      expect(path).toMatch(/^\/home\/me\/\.local\/state\/logpulse\/a-/);
    }
  });
});

describe("PositionTracker", () => {
  const at = (place: number): SourcePosition => ({
    offset: place,
    lines: place,
    memory: [],
    producer: "a",
    seq: place,
  });
  const batch = (place: number) => ({ position: at(place) }) as SourceBatch;

  it("stands behind the last batch before which all are acknowledged, in whatever order they are", () => {
    const orders = fc.shuffledSubarray([1, 2, 3, 4, 5, 6]);
    fc.assert(
      fc.property(orders, (order) => {
        const tracker = new PositionTracker(at(0), [{ offset: 2 }, { offset: 4 }]);
        const batches = [1, 2, 3, 4, 5, 6].map(batch);
        for (const each of batches) tracker.add(each);
        for (const place of order) tracker.settle(batches[place - 1]!);
        const firstOpen = [1, 2, 3, 4, 5, 6].find((place) => !order.includes(place)) ?? 7;
        expect(tracker.position).toEqual(at(firstOpen - 1));
        expect(tracker.marks).toEqual(
          [{ offset: 2 }, { offset: 4 }].filter(({ offset: mark }) => mark >= firstOpen - 1),
        );
        expect(tracker.isSettled).toBe(firstOpen === 7);
      }),
    );
  });
});
