import { startFullMode } from "./full-mode.ts";
import type { StartInstallation } from "./installation.ts";
import type { RealServers } from "./real-servers.ts";
import { StoredIdentities } from "./stored-identities.ts";

/** The full mode on real servers, behind Envoy. */
export function fullInstallation(servers: RealServers): StartInstallation {
  return async (settings = {}) => {
    const full = await startFullMode(servers, settings);
    const stored = new StoredIdentities(servers, full);
    const elasticsearch = {
      name: "elasticsearch",
      identities: () => stored.inElasticsearch(),
      statusCounts: (producer: string) => stored.statusesInElasticsearch(producer),
    };
    const mysql = {
      name: "mysql",
      identities: () => stored.inMysql(),
      statusCounts: (producer: string) => stored.statusesInMysql(producer),
    };
    return {
      address: full.address,
      url: full.url,
      stores: [elasticsearch, mysql],
      judge: "mysql",
      ingests: new Map([...full.roles].filter(([name]) => name.startsWith("ingest"))),
      processes: [...full.roles.values()],
      async stop() {
        await stored.close();
        await full.stop();
      },
    };
  };
}
