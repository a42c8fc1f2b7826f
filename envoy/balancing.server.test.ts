import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { QueryService } from "../gen/logpulse/v1/query_service_pb.ts";
import { haveServers } from "../stack/have-servers.ts";
import { waitUntil } from "../stack/wait.ts";
import { failing, failingOnce, unavailable } from "./testing/answers.ts";
import { GrpcClient } from "./testing/grpc-client.ts";
import { countMessages } from "./testing/stub-call.ts";
import { openDoor, type TestDoor } from "./testing/test-door.ts";

describe.skipIf(!haveServers("envoy"))("replicas behind Envoy", () => {
  const { method: writes } = IngestService;
  const { method: reads } = QueryService;
  let door: TestDoor;
  let client: GrpcClient;
  beforeAll(async () => {
    // Reads from the three ingest stubs as well: query has one replica on the stack, and retries need another.
    door = await openDoor({ change: shareIngestWithQuery });
    client = new GrpcClient(door.envoy.port);
  });
  afterAll(async () => {
    client?.close();
    await door?.close();
  });
  beforeEach(() => door.reset());

  it("share the streams of one connection evenly, and a replica that dies takes only its own with it", async () => {
    for (const stub of door.ingest) {
      stub.answer(writes.upload, async (call) => ({ batches: BigInt(await countMessages(call)) }));
    }
    const streams = Array.from({ length: 9 }, () => client.open(writes.upload));
    for (const stream of streams) stream.send({ firstSeq: 0n });
    await waitUntil(() => door.calls.length === 9, 5_000);
    // Least request of some drawn by chance: no replica is left out, none has the half.
    const shares = door.ingest.map(({ calls }) => calls.length);
    for (const share of shares) expect([2, 3, 4]).toContain(share);

    await door.ingest[0]!.kill();
    try {
      for (const stream of streams) stream.send({ firstSeq: 1n });
      const lost = await Promise.all(streams.map(({ outcome }) => Promise.race([outcome, sleep(3_000)])));
      expect(lost.filter((outcome) => outcome?.status.code === status.UNAVAILABLE)).toHaveLength(shares[0]!);
      for (const stream of streams) stream.end();
      const outcomes = await Promise.all(streams.map(({ outcome }) => outcome));
      expect(outcomes.filter(({ message }) => message?.batches === 2n)).toHaveLength(9 - shares[0]!);
      expect(door.calls).toHaveLength(9); // A stream that broke off is not sent again by Envoy.
    } finally {
      await door.ingest[0]!.start();
      await waitUntil(async () => (await door.healthyHosts("ingest")) === 3, 5_000);
    }
  });

  it("are spared what is not theirs: from the moment one dies no call fails, reads or writes, by REST or gRPC", async () => {
    await door.ingest[1]!.kill();
    try {
      for (let n = 0; n < 40; n++) {
        expect((await door.rest("GET", "/ping")).status).toBe(200);
        expect((await door.rest("POST", "/logs", {})).status).toBe(201);
        expect((await client.call(writes.write, {})).status.code).toBe(0);
        expect((await client.call(reads.ping, {})).status.code).toBe(0);
      }
    } finally {
      await door.ingest[1]!.start();
      await waitUntil(async () => (await door.healthyHosts("ingest")) === 3, 5_000);
    }
  });

  it("are spared it in a burst, too", async () => {
    await door.ingest[0]!.kill();
    try {
      const answers = await Promise.all(Array.from({ length: 150 }, () => door.rest("POST", "/logs", {})));
      expect(answers.filter(({ status: httpStatus }) => httpStatus !== 201)).toEqual([]);
    } finally {
      await door.ingest[0]!.start();
      await waitUntil(async () => (await door.healthyHosts("ingest")) === 3, 5_000);
    }
  });

  it("are no loss to a read that is at one when it dies: another answers", async () => {
    for (const stub of door.ingest) {
      stub.answer(reads.ping, async () => {
        await sleep(500);
        return { message: "pong" };
      });
    }
    const answers = Array.from({ length: 6 }, () => door.rest("GET", "/ping"));
    await waitUntil(() => door.calls.length === 6, 5_000);
    await door.ingest[2]!.kill();
    try {
      expect((await Promise.all(answers)).map(({ status: httpStatus }) => httpStatus)).toEqual(Array(6).fill(200));
      expect(door.calls.length).toBeGreaterThan(6);
    } finally {
      await door.ingest[2]!.start();
      await waitUntil(async () => (await door.healthyHosts("ingest")) === 3, 5_000);
    }
  });

  it("are tried once more for a read that was UNAVAILABLE, on another replica", async () => {
    door.ingest[0]!.answer(reads.ping, failing(unavailable()));
    for (let n = 0; n < 12; n++) expect((await door.rest("GET", "/ping")).status).toBe(200);
    expect(door.ingest[0]!.calls.length).toBeGreaterThan(0);
  });

  it("are not tried again for a write that was UNAVAILABLE: it may have been kept", async () => {
    for (const stub of door.ingest) {
      stub.answer(writes.write, failingOnce(unavailable(), {})).answer(writes.writeLog, failingOnce(unavailable(), {}));
    }
    expect((await client.call(writes.write, {})).status.code).toBe(status.UNAVAILABLE);
    expect((await door.rest("POST", "/logs", {})).status).toBe(503);
    expect(door.calls).toEqual(expect.arrayContaining(["Write", "WriteLog"]));
    expect(door.calls).toHaveLength(2);
  });

  it("are not asked again when a caller asks Envoy for it", async () => {
    for (const stub of door.ingest) stub.answer(writes.writeLog, failing(unavailable()));
    const headers = { "x-envoy-retry-on": "5xx", "x-envoy-retry-grpc-on": "unavailable", "x-envoy-max-retries": "5" };
    expect((await door.rest("POST", "/logs", {}, headers)).status).toBe(503);
    expect(door.calls).toEqual(["WriteLog"]);
  });

  it("that stop being ready get no new calls, and end the streams that they have", async () => {
    for (const stub of door.ingest) {
      stub.answer(writes.upload, async (call) => ({ batches: BigInt(await countMessages(call)) }));
    }
    const streams = Array.from({ length: 3 }, () => client.open(writes.upload));
    for (const stream of streams) stream.send({});
    await waitUntil(() => door.calls.length === 3, 5_000);
    const before = [...door.ingest[2]!.calls]; // One, most times: a replica is chosen among five draws.
    door.ingest[2]!.setReady(false);
    await waitUntil(async () => (await door.healthyHosts("ingest")) === 2, 5_000);
    for (let n = 0; n < 9; n++) await client.call(writes.write, {});
    expect(door.ingest[2]!.calls).toEqual(before);
    for (const stream of streams) stream.end();
    for (const { outcome } of streams) expect((await outcome).message!.batches).toBe(1n);
  });
});

function shareIngestWithQuery(config: {
  static_resources: { clusters: { name: string; [field: string]: unknown }[] };
}): void {
  const named = (name: string) => config.static_resources.clusters.find((cluster) => cluster.name === name)!;
  const endpoints = (named("ingest").load_assignment as { endpoints: unknown }).endpoints;
  named("query").load_assignment = { cluster_name: "query", endpoints };
}
