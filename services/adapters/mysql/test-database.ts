import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createConnection } from "mysql2/promise";
import type { MysqlSettings } from "./settings.ts";

/** A database of a test's own. */
export interface TestDatabase {
  settings: MysqlSettings;
  /** Removes the database. */
  drop(): Promise<void>;
}

/** Makes an empty database on the server of the URL, whose user may do so. */
export async function makeTestDatabase(mysqlUrl: string): Promise<TestDatabase> {
  const name = `logpulse_test_${randomBytes(8).toString("hex")}`;
  const administer = async (statement: string) => {
    const connection = await createConnection(mysqlUrl);
    await connection.query(`${statement} ${name}`);
    await connection.end();
  };
  await administer("CREATE DATABASE");
  const url = new URL(mysqlUrl);
  url.pathname = `/${name}`;
  const clock = {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, { signal }),
  };
  const settings = { url: url.href, connectionsMax: 8, clock, random: Math.random };
  return { settings, drop: () => administer("DROP DATABASE") };
}
