import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import type { CallerTrace } from "../ports/call-trace.ts";
import { unary } from "../ports/service-handlers.ts";
import { callUnary, grpcClient, startTestServer } from "./server.fixture.ts";

const HEADERS = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", tracestate: "a=1" };

/** A server whose WriteLog keeps what it was told of its caller. */
async function tellingServer(tellsCaller: boolean) {
  const callers: (CallerTrace | undefined)[] = [];
  const { address } = await startTestServer({
    tellsCaller,
    ingest: {
      writeLog: unary(async (_request, { caller }) => {
        callers.push(caller);
        return {};
      }),
    },
  });
  const post = (path: string, headers: Record<string, string>) =>
    fetch(`http://${address}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: "{}",
    });
  return {
    callers,
    grpc: (metadata: Metadata) => callUnary(grpcClient(address), IngestService.method.writeLog, {}, { metadata }),
    connect: (headers: Record<string, string>) => post("/logpulse.v1.IngestService/WriteLog", headers),
    rest: (headers: Record<string, string>) => post("/logs", headers),
  };
}

function metadataOf(...pairs: [string, string][]): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of pairs) metadata.add(name, value);
  return metadata;
}

describe("what a caller says of its trace", () => {
  it("is told to handlers on every protocol", async () => {
    const { callers, grpc, connect, rest } = await tellingServer(true);
    await grpc(metadataOf(["traceparent", HEADERS.traceparent], ["tracestate", "a=1"]));
    await connect(HEADERS);
    await rest(HEADERS);
    expect(callers).toEqual([
      { protocol: "grpc", headers: HEADERS },
      { protocol: "connect", headers: HEADERS },
      { protocol: "rest", headers: HEADERS },
    ]);
  });

  it("is nothing where it says nothing, or of the state alone", async () => {
    const { callers, grpc, rest } = await tellingServer(true);
    await grpc(new Metadata());
    await rest({ tracestate: "a=1" });
    expect(callers).toEqual([{ protocol: "grpc" }, { protocol: "rest" }]);
  });

  it("is no trace context where it says it twice", async () => {
    const { callers, grpc } = await tellingServer(true);
    await grpc(metadataOf(["traceparent", HEADERS.traceparent], ["traceparent", HEADERS.traceparent]));
    const [first, second, ...more] = callers[0]!.headers!.traceparent.split(","); // As the protocol joins them.
    expect([first, second?.trim(), more]).toEqual([HEADERS.traceparent, HEADERS.traceparent, []]);
  });

  it("is not looked at where there are no traces", async () => {
    const { callers, grpc, connect, rest } = await tellingServer(false);
    await grpc(metadataOf(["traceparent", HEADERS.traceparent]));
    await connect(HEADERS);
    await rest(HEADERS);
    expect(callers).toEqual([undefined, undefined, undefined]);
  });
});
