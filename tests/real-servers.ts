import { inject } from "vitest";

/** Where the real servers are that `tests/start-servers.ts` started. Tests share them, each under its own names. */
export interface RealServers {
  /** host:port of each broker. */
  kafkaBrokers: string[];
  /** http://host:port */
  elasticsearchUrl: string;
  /** mysql://user:password@host:port/database; the user may create databases. */
  mysqlUrl: string;
  /** redis://host:port */
  redisUrl: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    /** null where the servers are not installed: JSON has no undefined. */
    servers: RealServers | null;
  }
}

/**
 * The addresses, or undefined where the servers are not installed: wrap the tests in `describe.runIf(servers)`.
 * With CI=true the run has failed before it comes to that.
 */
export function realServers(): RealServers | undefined {
  return inject("servers") ?? undefined;
}
