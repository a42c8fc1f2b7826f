import { describe } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { logAggregatesContract } from "../../ports/log-aggregates.contract.ts";
import { StoreForTests } from "./elasticsearch.fixture.ts";

const servers = realServers();

describe.runIf(servers)("with a real server", () => {
  logAggregatesContract("elasticsearch", async () => {
    const store = new StoreForTests(servers!.elasticsearchUrl);
    await store.sink.prepare();
    return { aggregates: store.aggregates, store: (batches) => store.store(batches), close: () => store.close() };
  });
});
