import { BulkProxy } from "../nemesis/bulk-proxy.ts";
import type { Fault } from "../scene/fault.ts";
import { untilOver } from "../scene/until-over.ts";

/** Rows 8 and 12. */
export const elasticsearch429: Fault = {
  name: "elasticsearch-429",
  summary: "bulk requests are refused in part or as a whole with 429 and 503; answers are cut off or never come",
  loadSeconds: (times) => 8 * times,
  async open({ servers, random }) {
    const proxy = await BulkProxy.listen(servers.elasticsearchUrl!, random);
    return {
      role: (role) =>
        role.name === "worker-elasticsearch" ? { ...role, env: { ...role.env, ELASTICSEARCH_URL: proxy.url } } : role,
      async during(scene) {
        await untilOver(scene.load);
        proxy.calmDown();
        scene.recovers();
      },
      notes: () => proxy.counts,
      close: () => proxy.close(),
    };
  },
};
