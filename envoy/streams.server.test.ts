import { request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import type { LogBatch } from "../gen/logpulse/v1/log_batch_pb.ts";
import { QueryService } from "../gen/logpulse/v1/query_service_pb.ts";
import { haveServers } from "../stack/have-servers.ts";
import { waitUntil } from "../stack/wait.ts";
import { connectionManager, type EnvoyConfigTree, routesOf } from "./testing/config-parts.ts";
import { GrpcClient } from "./testing/grpc-client.ts";
import { grpcDefinition } from "./testing/grpc-definition.ts";
import { openDoor, type TestDoor } from "./testing/test-door.ts";

describe.skipIf(!haveServers("envoy"))("streams and time-outs", () => {
  const { upload } = IngestService.method;
  let door: TestDoor;
  let client: GrpcClient;
  beforeAll(async () => {
    door = await openDoor({ change: shorten });
    client = new GrpcClient(door.envoy.port);
  });
  afterAll(async () => {
    client?.close();
    await door?.close();
  });
  beforeEach(() => door.reset());

  /** What the ingest stubs got so far, by Upload. */
  function uploaded(): bigint[] {
    const seqs: bigint[] = [];
    for (const stub of door.ingest) {
      stub.answer(upload, async (call) => {
        for await (const message of call.messages) seqs.push((message as LogBatch).firstSeq);
        return { batches: BigInt(seqs.length) };
      });
    }
    return seqs;
  }

  it("an upload by JSON array arrives batch by batch, as each is sent", async () => {
    const seqs = uploaded();
    const { request, answer } = openRest("/v1/logs:upload");
    request.write('[{"firstSeq": "1"}, {"firstSeq": "2"},');
    expect(await waitUntil(() => seqs.length === 2, 5_000)).toBe(true);
    request.write('{"firstSeq": "3", "records": [{"mess');
    await sleep(200);
    expect(seqs).toEqual([1n, 2n]);
    request.end('age": "m"}]}]');
    expect(await answer).toBe('200 {"batches":"3","accepted":"0","rejected":"0","rejects":[]}');
    expect(seqs).toEqual([1n, 2n, 3n]);
  });

  it("a native stream arrives message by message too", async () => {
    const seqs = uploaded();
    const stream = client.open(upload);
    for (const firstSeq of [1n, 2n, 3n]) {
      stream.send({ firstSeq });
      expect(await waitUntil(() => seqs.includes(firstSeq), 5_000)).toBe(true);
    }
    stream.end();
    expect((await stream.outcome).message!.batches).toBe(3n);
  });

  it("a quiet stream outlives the time-outs of REST, and is ended by the door after its longest time with status 4", async () => {
    const began = performance.now();
    uploaded();
    const stream = client.open(upload);
    stream.send({});
    expect((await stream.outcome).status.code).toBe(status.DEADLINE_EXCEEDED);
    expect(performance.now() - began).toBeGreaterThan(STREAM_SECONDS * 1000 - 100);
  });

  it("a client's own deadline holds, and cannot be longer than the longest time", async () => {
    uploaded();
    const short = client.open(upload, 1_000);
    const long = client.open(upload, 3_600_000);
    short.send({});
    long.send({});
    const began = performance.now();
    expect((await short.outcome).status.code).toBe(status.DEADLINE_EXCEEDED);
    expect(performance.now() - began).toBeLessThan(STREAM_SECONDS * 1000 - 500);
    expect((await long.outcome).status.code).toBe(status.DEADLINE_EXCEEDED);
    expect(performance.now() - began).toBeLessThan(STREAM_SECONDS * 1000 + 5_000);
  });

  it("a REST call that is not answered in time gets 504 as JSON, and its native twin waits", async () => {
    door.query.answer(QueryService.method.ping, async () => {
      await sleep(REST_SECONDS * 1000 + 700);
      return { message: "late" };
    });
    const [rest, native] = await Promise.all([door.rest("GET", "/ping"), client.call(QueryService.method.ping, {})]);
    expect(rest).toMatchObject({ status: 504, body: { code: 4, message: "upstream request timeout" } });
    expect(native.message!.message).toBe("late");
  });

  it("a REST upload may take longer than a REST call, as long as it is being sent", async () => {
    const seqs = uploaded();
    const { request, answer } = openRest("/v1/logs:upload");
    request.write('[{"firstSeq": "1"}');
    await sleep(REST_SECONDS * 1000 + 700);
    request.end(',{"firstSeq": "2"}]');
    expect(await answer).toMatch(/^200 /);
    expect(seqs).toEqual([1n, 2n]);
  });

  it("a body that does not come is not waited for", async () => {
    const began = performance.now();
    const { request, answer } = openRest("/logs");
    const dripping = setInterval(() => request.write(" "), 100);
    expect(await answer).toMatch(/^(408|504) .*"code":4/);
    clearInterval(dripping);
    expect(performance.now() - began).toBeLessThan(BODY_SECONDS * 1000 + 5_000);
    expect(door.calls).toEqual([]);
  });

  /** A POST whose body the test sends piece by piece; `answer` is its status and body. */
  function openRest(path: string) {
    const request = httpRequest(`${door.envoy.url}${path}`, { method: "POST" });
    const answer = new Promise<string>((resolve, reject) => {
      request.on("error", reject).on("response", (response) => {
        response.setEncoding("utf8").on("data", (text) => resolve(`${response.statusCode} ${text}`));
      });
    });
    return { request, answer };
  }
});

describe.skipIf(!haveServers("envoy"))("streams both ways", () => {
  const { stream, upload } = IngestService.method;
  let door: TestDoor;
  let client: grpc.Client;
  beforeAll(async () => {
    door = await openDoor({
      change: (config) => {
        connectionManager(config).stream_idle_timeout = "1s";
        const route = routesOf(config).find(({ name }) => name === "grpc_stream");
        route!.route!.idle_timeout = "3s";
      },
    });
    client = new grpc.Client(`127.0.0.1:${door.envoy.port}`, grpc.credentials.createInsecure());
  });
  afterAll(async () => {
    client?.close();
    await door?.close();
  });

  it("are answered while the client still sends, and outlive a silence that ends other streams", async () => {
    for (const stub of door.ingest) {
      stub.answer(stream, async function* (call) {
        let settledBatches = 0n;
        for await (const _ of call.messages) yield { settledBatches: ++settledBatches };
      });
    }
    const { path, requestSerialize, responseDeserialize } = grpcDefinition(stream);
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new grpc.Metadata());
    const ended = new Promise<grpc.StatusObject>((resolve) => call.on("status", resolve));
    const answers: unknown[] = [];
    call.on("data", (answer) => answers.push(answer)).on("error", () => undefined);
    const other = new GrpcClient(door.envoy.port);
    const quietUpload = other.open(upload);
    quietUpload.send({});
    for (let count = 1; count <= 3; count++) {
      call.write({});
      expect(await waitUntil(() => answers.length === count, 5_000)).toBe(true);
      await sleep(count === 2 ? 2_000 : 0);
    }
    call.end();
    const { code, details } = await ended;
    expect([code, details]).toEqual([status.OK, "OK"]);
    expect((await quietUpload.outcome).status.code).not.toBe(status.OK);
    other.close();
  });
});

const REST_SECONDS = 1;
const BODY_SECONDS = 2;
const STREAM_SECONDS = 3;

/** The same configuration with shorter times: 30 s are 1, 60 are 2, half an hour is 3. */
function shorten(config: EnvoyConfigTree): void {
  const seconds: Record<string, number> = { "30s": REST_SECONDS, "60s": BODY_SECONDS, "1800s": STREAM_SECONDS };
  const shortenIn = (times: Record<string, unknown>) => {
    for (const [key, time] of Object.entries(times)) {
      if (typeof time === "object" && time !== null) shortenIn(time as Record<string, unknown>);
      else if (typeof time === "string" && seconds[time]) times[key] = `${seconds[time]}s`;
    }
  };
  shortenIn(connectionManager(config).common_http_protocol_options);
  for (const { route } of routesOf(config)) if (route) shortenIn(route as unknown as Record<string, unknown>);
}
