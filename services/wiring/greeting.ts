import { resolve } from "node:path";

/**
 * What somebody who has just started the embedded mode wants to know: what listens where, where the data is, and three
 * commands to try, which work as they stand.
 */
export function greeting({ address, port }: { address: string; port: number }, folder: string): string {
  const host =
    address === "0.0.0.0" || address === "::" ? "127.0.0.1" : address.includes(":") ? `[${address}]` : address;
  const url = `http://${host}:${port}`;
  return [
    `LogPulse listens on ${url} (REST, gRPC, Connect), its data is in ${resolve(folder)}. Try:`,
    `  curl ${url}/logs -d '{"service_name":"shop","level":"ERROR","message":"card declined"}'`,
    `  curl '${url}/logs/search?q=declined'`,
    `  npx logpulse send access.log -s web --addr ${host}:${port}`,
    "",
  ].join("\n");
}
