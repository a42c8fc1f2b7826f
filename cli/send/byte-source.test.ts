import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import type { ByteSource } from "./byte-source.ts";
import { openFileSource, sizeOfSource, streamSource } from "./byte-source.ts";

const folder = mkdtempSync(join(tmpdir(), "logpulse-send-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function readAll(source: ByteSource): Promise<{ text: string; problem: string | undefined }> {
  let text = "";
  try {
    for await (const chunk of source.chunks()) text += chunk.toString("latin1");
  } catch (reason) {
    return { text, problem: (reason as Error).message };
  } finally {
    await source.close();
  }
  return { text, problem: undefined };
}

async function readFileOf(bytes: Uint8Array) {
  const path = join(folder, "some.log");
  writeFileSync(path, bytes);
  const source = await openFileSource(path);
  expect(source.size).toBe(bytes.length);
  const read = await readAll(source);
  return { ...read, bytesRead: source.bytesRead };
}

async function readStreamOf(bytes: Uint8Array, chunkBytes: number) {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield Buffer.from(bytes.subarray(at, at + chunkBytes));
  }
  return readAll(streamSource("standard input", pieces()));
}

const LINES = Array.from({ length: 60_000 }, (_, at) => `line ${at} of some text that repeats itself\n`).join("");

describe.each([
  ["nothing", Buffer.from(""), ""],
  ["one byte", Buffer.from("a"), "a"],
  ["text", Buffer.from(LINES), LINES],
  ["the magic bytes of gzip with another method", Buffer.of(0x1f, 0x8b, 0x07), "\x1f\x8b\x07"],
  ["gzip", gzipSync(LINES), LINES],
  ["gzip of nothing", gzipSync(""), ""],
  ["gzip of several members", Buffer.concat([gzipSync("a\n"), gzipSync(LINES), gzipSync("z")]), `a\n${LINES}z`],
  ["gzip of two small members", Buffer.concat([gzipSync("a\n"), gzipSync("b\n")]), "a\nb\n"],
  ["gzip with padding behind it", Buffer.concat([gzipSync("a"), Buffer.alloc(1_000)]), "a"],
  ["gzip of what is a thousand times as large", gzipSync(Buffer.alloc(20_000_000, "a")), "a".repeat(20_000_000)],
])("%s", (_name, bytes, expected) => {
  it("is read from a file", async () => {
    const { text, problem, bytesRead } = await readFileOf(bytes);
    expect(problem).toBeUndefined();
    expect(text === expected).toBe(true);
    expect(bytesRead).toBe(bytes.length);
  });

  it.each([1, 7, 100_000])("is read from a stream, %d bytes at a time", async (chunkBytes) => {
    if (bytes.length / chunkBytes > 25_000) return; // Each takes its time.
    const { text, problem } = await readStreamOf(bytes, chunkBytes);
    expect(problem).toBeUndefined();
    expect(text === expected).toBe(true);
  });
});

describe("gzip data that is not whole", () => {
  const whole = gzipSync(LINES);

  it("is told, and what was read before is given", async () => {
    const { text, problem } = await readFileOf(whole.subarray(0, whole.length / 2));
    expect(problem).toBe("its gzip data ends too early");
    expect(text.length).toBeGreaterThan(LINES.length / 3);
    expect(LINES.startsWith(text)).toBe(true);
  });

  it("gives all text where only its check sum is missing", async () => {
    const { text, problem } = await readFileOf(whole.subarray(0, -3));
    expect(problem).toBe("its gzip data ends too early");
    expect(text === LINES).toBe(true);
  });

  it.each([
    ["damaged in the middle", Buffer.from(whole).fill(0xff, whole.length / 2, whole.length / 2 + 50)],
    ["followed by something else", Buffer.concat([whole, Buffer.from("something else")])],
    ["followed by padding and something else", Buffer.concat([whole, Buffer.alloc(10_000), Buffer.from("else")])],
    ["followed by padding and another member at once", Buffer.concat([whole, Buffer.alloc(8), gzipSync("more")])],
    ["damaged in its check sum", Buffer.from(whole).fill(0, whole.length - 8, whole.length - 4)],
  ])("is told where it is %s", async (_name, bytes) => {
    const { text, problem } = await readFileOf(bytes);
    expect(problem).toMatch(/^its gzip data is damaged \(.+\)$/);
    const third = LINES.length / 3; // Where the damage begins zlib gives wrong bytes for a while.
    expect(text.slice(0, third) === LINES.slice(0, third)).toBe(true);
  });
});

describe("what cannot be read", () => {
  it.each([
    ["no-such.log", "no-such.log cannot be read: there is no such file"],
    [".", " is a folder; name the files in it"],
  ])("%s is told", async (name, message) => {
    await expect(openFileSource(join(folder, name))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    });
  });
});

describe.runIf(process.platform !== "win32")("a named pipe", () => {
  let pipes = 0;
  const newPipe = () => {
    const path = join(folder, `pipe-${pipes++}`);
    execFileSync("mkfifo", [path]);
    return path;
  };
  /** Its code: null where a signal has killed it. */
  const write = (path: string, text: string) => {
    const writer = spawn("sh", ["-c", `printf '${text}' > ${path}`]);
    onTestFinished(() => void writer.kill("SIGKILL"));
    return once(writer, "close").then(([code]) => code);
  };

  it("is read once, by whoever writes to it, and nobody knows its size", async () => {
    const path = newPipe();
    const written = write(path, "INFO a\\nINFO b\\n");
    expect(await sizeOfSource(path)).toBeUndefined();
    expect(await readAll(await openFileSource(path))).toEqual({ text: "INFO a\nINFO b\n", problem: undefined });
    expect(await written).toBe(0);
  });

  it("need not have a writer, and waiting for one can be ended", async () => {
    const source = await openFileSource(newPipe());
    const next = source.chunks().next();
    const waited = await Promise.race([next, sleep(100, "nothing")]);
    expect(waited).toBe("nothing");
    await source.close();
    await next.catch(() => undefined); // It ends.
  });
});
