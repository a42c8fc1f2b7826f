import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { GrpcFrames } from "./grpc-frames.ts";
import { grpcFrame } from "./wire.fixture.ts";

describe("GrpcFrames", () => {
  it("finds messages wherever the stream is cut", () => {
    const messages = [grpcFrame(Buffer.alloc(300, 1)), grpcFrame(Buffer.alloc(0)), grpcFrame(Buffer.alloc(7, 1), 1)];
    const stream = Buffer.concat([...messages, grpcFrame(Buffer.alloc(50)).subarray(0, 20)]);
    for (let size = 1; size <= stream.length; size += 1) {
      const frames = new GrpcFrames();
      for (let at = 0; at < stream.length; at += size) frames.add(stream.subarray(at, at + size));
      assert.equal(frames.bytes, stream.length);
      const taken = messages.map(() => frames.take());
      assert.deepEqual(taken, [
        { compressed: false, bytes: 305 },
        { compressed: false, bytes: 5 },
        { compressed: true, bytes: 12 },
      ]);
      assert.equal(frames.bytes, 20, "of the unfinished one");
      assert.throws(() => frames.take(), /did not come/);
    }
  });
});
