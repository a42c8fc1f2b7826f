import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, it } from "vitest";
import { isKind } from "../domain/errors.ts";
import { Decompression, HTTP_DECOMPRESS } from "./decompression.ts";

const keep = () => undefined;

describe("Decompression", () => {
  it.each([
    ["gzip", gzipSync(Buffer.alloc(100))],
    ["deflate", deflateSync(Buffer.alloc(100))],
    ["br", brotliCompressSync(Buffer.alloc(100))],
  ])("of %s gives the message up to its bound, else an error of ours", async (name, bytes) => {
    const decompression = new Decompression(1);
    const run = (part: Uint8Array, bytesMax: number) =>
      decompression.run(name, HTTP_DECOMPRESS.get(name)!, part, bytesMax, keep);
    assert.deepEqual(await run(bytes, 100), Buffer.alloc(100));
    const isOurs = (reason: unknown) => isKind(reason, "invalid_request");
    await assert.rejects(run(bytes, 99), isOurs);
    await assert.rejects(run(bytes.subarray(0, -4), 100), isOurs);
    await assert.rejects(run(Buffer.from("no such bytes"), 100), isOurs);
  });

  it("runs a few at a time, in their order, also after one has failed or was not taken", async () => {
    const decompression = new Decompression(2);
    const begun: number[] = [];
    let running = 0;
    const slow = (index: number) => async (bytes: Uint8Array) => {
      begun.push(index);
      running += 1;
      assert.ok(running <= 2);
      await sleep(2);
      running -= 1;
      if (index === 3) throw new Error("bad bytes");
      return bytes;
    };
    const refuse = () => {
      throw new Error("no room");
    };
    const runs = Array.from({ length: 10 }, (_, index) =>
      decompression.run("slow", slow(index), Buffer.of(index), 10, index === 4 ? refuse : keep),
    );
    const results = await Promise.allSettled(runs);
    assert.deepEqual(
      results.flatMap(({ status }, index) => (status === "rejected" ? [index] : [])),
      [3, 4],
    );
    assert.deepEqual(begun, [...begun.keys()]);
  });
});
