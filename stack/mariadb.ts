import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import { freePort } from "./free-port.ts";
import { programPath } from "./installed.ts";
import { runCommand } from "./run-command.ts";
import { type RunningServer, type StartOptions, serverDirectory, startServer } from "./server-process.ts";
import { asUnprivileged } from "./unprivileged.ts";

export interface MariadbOptions extends StartOptions {
  /**
   * Made when missing; default of all three: `logpulse`. The user may do everything in this database and in every database
   * whose name begins with its name, nothing elsewhere: as in production, but a test can have a database of its own.
   */
  database?: string;
  user?: string;
  password?: string;
  /** Any setting of mariadbd without its dashes, e.g. `{ "innodb-lock-wait-timeout": 2 }`. */
  settings?: Record<string, string | number>;
}

/** `url` is `mysql://user:password@127.0.0.1:port/database`. */
export type RunningMariadb = RunningServer & { readonly url: string };

/**
 * Starts MariaDB as our SQL store sees MySQL: strict SQL mode, utf8mb4, every commit fsynced. About 0.5 s, and as
 * much again for a new data folder.
 */
export async function startMariadb(options: MariadbOptions = {}): Promise<RunningMariadb> {
  const { database = "logpulse", user = "logpulse", password = "logpulse" } = options;
  const port = options.port ?? (await freePort());
  const directory = serverDirectory("mariadb", options.directory);
  await makeDataFolder(directory);
  writeFileSync(join(directory, "init.sql"), accountSql(database, user, password), { mode: 0o600 });
  const files = { datadir: join(directory, "data"), "init-file": join(directory, "init.sql") };
  const login = { host: "127.0.0.1", port, user, password, database };
  const server = await startServer({
    name: "mariadb",
    command: programPath("mariadbd"),
    args: ["--no-defaults", ...flags({ ...SETTINGS, ...files, port, ...options.settings })],
    port,
    directory,
    outlivesUs: options.outlivesUs,
    refusesRoot: true,
    healthy: () => answersQuery(login),
    startMsMax: 60_000,
  });
  return Object.assign(server, {
    url: `mysql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
  });
}

const SETTINGS = {
  "bind-address": "127.0.0.1",
  socket: "", // None: a path may have 107 characters only, and everybody comes by TCP.
  "skip-name-resolve": "ON",
  "innodb-buffer-pool-size": "256M",
  "innodb-flush-log-at-trx-commit": 1,
  "character-set-server": "utf8mb4",
  "collation-server": "utf8mb4_bin",
  "sql-mode":
    "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY",
  "max-allowed-packet": "64M", // MySQL 8.4's default; MariaDB's 16M would refuse what production takes.
  "max-connections": 151,
};

const flags = (settings: Record<string, string | number>): string[] =>
  Object.entries(settings).map(([name, value]) => `--${name}=${value}`);

/** A folder that was begun is not taken for a whole one: it gets its name when the system tables are in it. */
async function makeDataFolder(directory: string): Promise<void> {
  const data = join(directory, "data");
  if (existsSync(data)) return;
  const begun = join(directory, "data.begun");
  rmSync(begun, { recursive: true, force: true });
  mkdirSync(begun);
  const install = [programPath("mariadb-install-db"), ...INSTALL_FLAGS, `--datadir=${begun}`];
  await runCommand(asUnprivileged(install, [directory]), 60_000);
  renameSync(begun, data);
}

/** By force, since it would else refuse a machine that does not know its own name. */
const INSTALL_FLAGS = ["--no-defaults", "--force", "--skip-test-db", "--auth-root-authentication-method=normal"];

/** Run by the server at every start, before it lets anybody in; one statement a line, as `init-file` wants it. */
function accountSql(database: string, user: string, password: string): string {
  const name = database.replaceAll("`", "``");
  const [who, secret] = [user, password].map((text) => text.replaceAll("\\", "\\\\").replaceAll("'", "''"));
  return [
    `CREATE DATABASE IF NOT EXISTS \`${name}\`;`,
    `CREATE USER IF NOT EXISTS '${who}'@'%' IDENTIFIED BY '${secret}';`,
    `GRANT ALL ON \`${name.replaceAll("_", "\\_")}%\`.* TO '${who}'@'%';`,
    "",
  ].join("\n");
}

async function answersQuery(login: { host: string; port: number; user: string; password: string }): Promise<boolean> {
  const connection = await createConnection({ ...login, connectTimeout: 2_000 });
  try {
    await connection.query("SELECT 1");
    return true;
  } finally {
    connection.destroy();
  }
}
