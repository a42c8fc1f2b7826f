import { describe } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { logSearchContract } from "../../ports/log-search.contract.ts";
import { StoreForTests } from "./elasticsearch.fixture.ts";

const servers = realServers();

describe.runIf(servers)("with a real server", () => {
  logSearchContract("elasticsearch", async () => {
    const store = new StoreForTests(servers!.elasticsearchUrl);
    await store.sink.prepare();
    return { search: store.search, store: (batches) => store.store(batches), close: () => store.close() };
  });
});
