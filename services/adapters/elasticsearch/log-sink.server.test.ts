import { describe } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { logSinkContract } from "../../ports/log-sink.contract.ts";
import { StoreForTests } from "./elasticsearch.fixture.ts";

const servers = realServers();

describe.runIf(servers)("with a real server", () => {
  logSinkContract("elasticsearch", async () => {
    const store = new StoreForTests(servers!.elasticsearchUrl);
    return {
      sink: store.sink,
      stored: (tenant) => store.stored(tenant),
      refusedRecord: { time: { seconds: -1n } },
      close: () => store.close(),
    };
  });
});
