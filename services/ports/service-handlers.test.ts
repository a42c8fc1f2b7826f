import assert from "node:assert/strict";
import type { GenService } from "@bufbuild/protobuf/codegenv2";
import { describe, it } from "vitest";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { StatsService } from "../../gen/logpulse/v1/stats_service_pb.ts";
import {
  bidiStreamBytes,
  clientStreamBytes,
  defineService,
  type HandlersOf,
  serverStream,
  unary,
  unaryBytes,
} from "./service-handlers.ts";

describe("defineService", () => {
  it("binds each method of the contract to its handler", () => {
    const ingest = defineService(IngestService, {
      upload: clientStreamBytes(async (messages, context) => {
        let batches = 0n;
        for await (const bytes of messages) if (bytes.length > 0 && !context.signal.aborted) batches += 1n;
        return { batches };
      }),
      stream: bidiStreamBytes(async (messages, send, context) => {
        let settledBatches = 0n;
        for await (const _ of messages) if (!context.stopping.aborted) await send({ settledBatches: ++settledBatches });
      }),
      write: unaryBytes(async (bytes) => ({ accepted: bytes.length })),
      writeLog: unary(async (request) => ({ id: request.serviceName, totalLogged: 1 })),
      uploadLines: unary(async (request) => ({ rejected: { count: request.lines.length } })),
    });
    assert.deepEqual(
      ingest.methods.map((bound) => [bound.method.name, bound.handler.kind]),
      [
        ["Upload", "client_stream_bytes"],
        ["Stream", "bidi_stream_bytes"],
        ["Write", "unary_bytes"],
        ["WriteLog", "unary"],
        ["UploadLines", "unary"],
      ],
    );
  });

  it("does not compile with a missing method, a wrong name, a wrong kind or a wrong message", () => {
    const answer = unary(async () => ({ type: "errors" }));
    const nothing = unary(async () => ({}));
    const others = { getLatency: nothing, getErrors: nothing, getTraffic: nothing };
    // @ts-expect-error the method has no handler
    assert.throws(() => defineService(StatsService, {}), /no handler for logpulse.v1.StatsService.GetStats/);
    // @ts-expect-error the service has no such method
    defineService(StatsService, { ...others, getStats: answer, getMore: answer });
    // @ts-expect-error the method is unary
    defineService(StatsService, { ...others, getStats: clientStreamBytes(async () => ({ type: "errors" })) });
    // @ts-expect-error the method is unary
    defineService(StatsService, { ...others, getStats: serverStream(async (_, send) => send({ type: "errors" })) });
    // @ts-expect-error the answer has no such field
    defineService(StatsService, { ...others, getStats: unary(async () => ({ kind: "errors" })) });
    defineService(StatsService, {
      ...others,
      // @ts-expect-error the request has no such field
      getStats: unary(async (request) => ({ type: request.kind })),
    });
  });

  it("knows the messages of a method that streams its answers", () => {
    const { input, output } = StatsService.method.getStats;
    type Streams = GenService<{
      follow: { methodKind: "server_streaming"; input: typeof input; output: typeof output };
    }>;
    const handlers: HandlersOf<Streams> = { follow: serverStream(async ({ type }, send) => send({ type })) };
    assert.equal(handlers.follow.kind, "server_stream");
    // @ts-expect-error the answer has no such field
    const wrong: HandlersOf<Streams> = { follow: serverStream(async (_, send) => send({ kind: "errors" })) };
    // @ts-expect-error the method streams
    const single: HandlersOf<Streams> = { follow: unary(async () => ({ type: "errors" })) };
    assert.ok(wrong && single);
  });
});
