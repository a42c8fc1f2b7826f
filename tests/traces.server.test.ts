import { randomBytes } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LogBatchSchema } from "../gen/logpulse/v1/log_batch_pb.ts";
import {
  type OtlpReceiver,
  type ReceivedSpan,
  startOtlpReceiver,
} from "../services/adapters/opentelemetry/otlp-receiver.fixture.ts";
import { makeUuidV7 } from "../services/domain/identity.ts";
import { eventually } from "./eventually.ts";
import { type FullMode, startFullMode } from "./full-mode.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();
const STORES = ["elasticsearch", "mysql"];

/** A caller's place in a trace of its own. */
function newCaller(flags = "01") {
  const [trace, span] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
  return { trace, span, headers: { traceparent: `00-${trace}-${span}-${flags}`, tracestate: "vendor=1" } };
}

describe.runIf(servers)("traces of the full mode", { timeout: 60_000 }, () => {
  let collector: OtlpReceiver;
  let logpulse: FullMode;

  beforeAll(async () => {
    collector = await startOtlpReceiver();
    // Only callers decide: what this test has not begun has no spans.
    logpulse = await startFullMode(servers!, { LOGPULSE_TRACES_URL: collector.url, LOGPULSE_TRACES_RATIO: "0" });
  }, 120_000);
  afterAll(async () => {
    await logpulse.stop();
    await collector.stop();
  });

  const write = async (headers: Record<string, string>) => {
    const answer = await fetch(`${logpulse.url}/v1/logs:write`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ records: [{ message: "a" }, { message: "b", traceId: "c".repeat(32) }] }),
    });
    expect(answer.status).toBe(200);
  };
  const spansOf = (trace: string, count: number) =>
    eventually(
      async () => collector.spans.filter(({ traceId }) => traceId === trace),
      (spans) => spans.length >= count,
    );

  it("have a batch from its caller through ingest and Kafka into both stores", async () => {
    const caller = newCaller();
    await write(caller.headers);
    const spans = await spansOf(caller.trace, 6);
    const named = (name: string, part: (span: ReceivedSpan) => boolean = () => true) => {
      const [span, ...more] = spans.filter((each) => each.name === name && part(each));
      expect([name, more]).toEqual([name, []]);
      return span!;
    };
    const topic = `${logpulse.names.topicPrefix}-batches`;
    const call = named("logpulse.v1.IngestService/Write");
    const send = named(`send ${topic}`);
    expect(call).toMatchObject({
      parentId: caller.span,
      kind: 2,
      traceState: "vendor=1",
      facts: { "rpc.system.name": "grpc", "rpc.status_code": "OK" },
      resource: { "service.name": "logpulse-ingest" },
    });
    expect(send).toMatchObject({ parentId: call.spanId, kind: 4, facts: { "messaging.system.name": "kafka" } });
    for (const store of STORES) {
      const group = `${logpulse.names.topicPrefix}-${store}`;
      const process = named(`process ${topic}`, ({ facts }) => facts["messaging.consumer.group.name"] === group);
      expect(process).toMatchObject({
        parentId: send.spanId,
        kind: 5,
        links: [{ traceId: caller.trace, spanId: send.spanId }],
        traceState: "vendor=1",
        facts: { "logpulse.records": 2 },
        resource: { "service.name": "logpulse-worker" },
      });
      expect(named(`store ${store}`)).toMatchObject({
        parentId: process.spanId,
        kind: 3,
        facts: { "db.system.name": store, "logpulse.stored": 2 },
        status: { code: 0 },
      });
      expect(process.beganNanos).toBeGreaterThanOrEqual(send.beganNanos);
    }
    expect(spans).toHaveLength(6);
  });

  it("have each batch of a stream by gRPC in its caller's trace", async () => {
    const caller = newCaller();
    const producerId = makeUuidV7(Date.now(), randomBytes(10));
    await upload(logpulse.address, caller.headers, [
      toBinary(LogBatchSchema, create(LogBatchSchema, { producerId, firstSeq: 0n, records: [{ message: "1" }] })),
      toBinary(LogBatchSchema, create(LogBatchSchema, { producerId, firstSeq: 1n, records: [{ message: "2" }] })),
    ]);
    const isSend = ({ name }: ReceivedSpan) => name.startsWith("send ");
    const spans = await eventually(
      async () => collector.spans.filter(({ traceId }) => traceId === caller.trace),
      (found) => found.filter(({ name }) => name.startsWith("process ")).length === 2 * STORES.length,
    );
    expect(spans.filter(isSend)).toMatchObject(
      Array.from({ length: 2 }, () => ({
        parentId: caller.span,
        facts: { "rpc.method": "logpulse.v1.IngestService/Upload", "logpulse.records": 1 },
      })),
    );
    expect(spans.filter(({ kind }) => kind === 2)).toEqual([]);
  });

  it("say that a call was the caller's mistake, and are none where the caller wants none, or says no trace", async () => {
    const [mistaken, unwanted, last] = [newCaller(), newCaller("00"), newCaller()];
    const wrong = await fetch(`${logpulse.url}/logs`, {
      method: "POST",
      headers: { "content-type": "application/json", ...mistaken.headers },
      body: JSON.stringify({ service_name: "s", level: "INFO", message: "" }),
    });
    expect(wrong.status).toBe(400);
    await write(unwanted.headers);
    await write({ traceparent: `00-${unwanted.trace}-${unwanted.span}-01-more` });
    await write({});
    await write(last.headers);
    await spansOf(last.trace, 6);
    const [call] = await spansOf(mistaken.trace, 1);
    expect(call).toMatchObject({ facts: { "rpc.status_code": "INVALID_ARGUMENT" }, status: { code: 0 } });
    expect(collector.spans.filter(({ traceId }) => traceId === unwanted.trace)).toEqual([]);
    expect(collector.spans.filter(({ parentId }) => parentId === "")).toEqual([]);
  });

  it("are missed by nobody else: without a collector records are kept and stored", async () => {
    await collector.stop();
    const stored = async () => {
      const workers = STORES.map((store) => logpulse.roles.get(`worker-${store}`)!.address);
      const pages = await Promise.all(workers.map(async (worker) => (await fetch(`http://${worker}/metrics`)).text()));
      return pages.map((page) => Number(/_records_total\{store="\w+",outcome="stored"\} (\d+)/.exec(page)![1]));
    };
    const before = await stored();
    for (let call = 0; call < 20; call++) await write(newCaller().headers);
    await eventually(stored, (now) => now.every((count, store) => count === before[store]! + 40));
  });
});

async function upload(address: string, headers: Record<string, string>, batches: Uint8Array[]): Promise<void> {
  const client = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const pass = (bytes: Buffer) => bytes;
  await new Promise<void>((resolve, reject) => {
    const call = client.makeClientStreamRequest("/logpulse.v1.IngestService/Upload", pass, pass, metadata, (error) =>
      error ? reject(error) : resolve(),
    );
    for (const batch of batches) call.write(Buffer.from(batch));
    call.end();
  });
  client.close();
}
