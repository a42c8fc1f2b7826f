import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { haveServers } from "../stack/have-servers.ts";
import { waitUntil } from "../stack/wait.ts";
import { drainAndStop } from "./drain.ts";
import { GrpcClient } from "./testing/grpc-client.ts";
import { countMessages } from "./testing/stub-call.ts";
import { openDoor, type TestDoor } from "./testing/test-door.ts";

describe.skipIf(!haveServers("envoy"))("stopping Envoy", () => {
  const { upload, write } = IngestService.method;
  let door: TestDoor;
  let client: GrpcClient;
  beforeEach(async () => {
    door = await openDoor();
    client = new GrpcClient(door.envoy.port);
    for (const stub of door.ingest) {
      stub.answer(upload, async (call) => ({ batches: BigInt(await countMessages(call)) }));
    }
  });
  afterEach(async () => {
    client.close();
    await door.close();
  });

  /** An upload that has reached a stub. */
  async function openUpload() {
    const stream = client.open(upload);
    stream.send({});
    await waitUntil(() => door.calls.includes("Upload"), 5_000);
    return stream;
  }
  const stop = (drainMsMax: number) => {
    const { adminUrl } = door.envoy;
    return drainAndStop({ adminUrl, drainMsMax, terminate: () => door.envoy.stop() });
  };

  it("17: SIGTERM ends Envoy at once — the trap: a call under way is cut", async () => {
    const stream = await openUpload();
    await door.envoy.stop();
    expect((await stream.outcome).status.code).toBe(status.UNAVAILABLE);
  });

  it("17: SIGTERM ends Envoy at once — so calls under way end first", async () => {
    const stream = await openUpload();
    const stopped = stop(10_000);
    // Nobody new comes in ...
    expect(await waitUntil(() => fetch(`${door.envoy.url}/healthz`).then(isAway, () => true), 5_000)).toBe(true);
    // ... but what is there goes on, for as long as it needs, and whoever is connected is still served.
    await sleep(500);
    expect((await client.call(write, {})).status.code).toBe(status.OK);
    expect(door.envoy.alive()).toBe(true);
    stream.send({});
    stream.end();
    expect((await stream.outcome).message!.batches).toBe(2n);
    expect(await stopped).toBe(0);
    expect(door.envoy.alive()).toBe(false);
  });

  it("no call is waited for longer than the bound, and it is told how many were cut", async () => {
    const stream = await openUpload();
    const began = performance.now();
    expect(await stop(700)).toBe(1);
    expect(performance.now() - began).toBeLessThan(15_000);
    expect((await stream.outcome).status.code).toBe(status.UNAVAILABLE);
  });

  it("without calls it ends at once, and an Envoy that is gone or hangs does not hold anybody up", async () => {
    const began = performance.now();
    expect(await stop(30_000)).toBe(0);
    expect(await stop(30_000)).toBe(0);
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  it("an Envoy that hangs is not asked for ever", async () => {
    door.envoy.pause();
    expect(await stop(30_000)).toBe(0);
    expect(door.envoy.alive()).toBe(false);
  });
});

const isAway = (answer: Response) => answer.status === 503;
