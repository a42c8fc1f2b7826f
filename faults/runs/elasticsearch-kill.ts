import { startElasticsearch } from "../../stack/elasticsearch.ts";
import { serverKillFault } from "../nemesis/server-kill.ts";

/** Row 9: away; MySQL goes on. */
export const elasticsearchKill = serverKillFault({
  name: "elasticsearch",
  summary: "kill -9 of Elasticsearch in the middle of bulk requests",
  awayMs: { min: 0, max: 5_000 },
  secondsPerTime: 14,
  async start() {
    const server = await startElasticsearch();
    return { server, addresses: { elasticsearchUrl: server.url } };
  },
});
