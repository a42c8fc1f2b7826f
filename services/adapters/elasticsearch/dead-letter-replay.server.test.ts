import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeadLetterSchema } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { realServers } from "../../../tests/real-servers.ts";
import { parseDropRules } from "../../domain/drop-rules.ts";
import { deadLetterOf } from "../../domain/refused-record.ts";
import { buildLoggedBatch, encodeBatch } from "../../ports/build-logged-batch.ts";
import { messages, newIdentity } from "../../ports/contract-batches.ts";
import { deadLetterReplayContract, listedLetter } from "../../ports/dead-letter-replay.contract.ts";
import { StoreForTests } from "./elasticsearch.fixture.ts";

const servers = realServers();

describe.runIf(servers)("with a real server", () => {
  deadLetterReplayContract("elasticsearch", async () => new StoreForTests(servers!.elasticsearchUrl).harness);
});

describe.runIf(servers)("replaying letters of Elasticsearch", () => {
  const signal = AbortSignal.timeout(600_000);
  let store: StoreForTests;

  beforeAll(async () => {
    store = new StoreForTests(servers!.elasticsearchUrl, undefined, parseDropRules("service=noise"));
    await store.sink.prepare();
  });
  afterAll(() => store?.close());

  it("does not take the place of a rejected record for the record", async () => {
    const identity = newIdentity();
    await store.store([buildLoggedBatch({ ...identity, records: messages(1), rejected: [0] })]);
    const batch = buildLoggedBatch({ ...identity, records: messages(1) });
    const letter = deadLetterOf("elasticsearch", { batch, logged: batch.records[0]!, reason: "test", detail: "" });
    expect(await store.replay.replay(listedLetter(letter), signal)).toMatchObject({ is: "refused", reason: "settled" });
  });

  it("keeps to the drop rules in a whole message, which no worker could read", async () => {
    const identity = newIdentity();
    const records = [{ message: "kept" }, { message: "dropped", service: "noise" }];
    const letter = create(DeadLetterSchema, {
      store: "elasticsearch",
      reason: "undecodable",
      original: encodeBatch({ ...identity, records }),
    });
    expect(await store.replay.replay(listedLetter(letter), signal)).toEqual({ is: "stored" });
    expect((await store.stored(identity.tenant)).map(({ record }) => record.message)).toEqual(["kept"]);
  });
});
