import { accessSync, constants, existsSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import versions from "./versions.json" with { type: "json" };

/** Where the install step puts what is no system package. STACK_CACHE shares one folder between several checkouts. */
export const CACHE = process.env.STACK_CACHE || join(import.meta.dirname, ".cache");

/** The pinned version of every server and tool: the only place where they are written. */
export const VERSIONS = versions;

/** What is fetched into the cache: its folder carries the version, so another version is another folder. */
export const PIECES = {
  kafka: join(CACHE, `kafka-${versions.kafka}`),
  elasticsearch: join(CACHE, `elasticsearch-${versions.elasticsearch}`),
  envoy: join(CACHE, `envoy-${versions.envoy}`),
  ghz: join(CACHE, `ghz-${versions.ghz}`),
  /** What docs/consumer needs of Python. */
  consumer: join(CACHE, `consumer-${versions.consumer}`),
} as const;
export type Piece = keyof typeof PIECES;

/** Written last into a piece's folder: a download that broke off is never taken for a whole one. */
export const COMPLETE_MARK = ".complete";

export const SERVERS = ["kafka", "elasticsearch", "mariadb", "redis", "envoy"] as const;
export type ServerName = (typeof SERVERS)[number];

export interface Installed {
  readonly installed: readonly ServerName[];
  /** With the reason, in words for a person who is about to run `npm run stack:install`. */
  readonly missing: readonly { readonly name: ServerName; readonly reason: string }[];
}

/** Which real servers can be started here. Looks at files only, starts nothing: a few milliseconds. */
export function installedServers(): Installed {
  const found = SERVERS.map((name) => ({ name, reason: reasonMissing(name) }));
  return {
    installed: found.filter(({ reason }) => reason === undefined).map(({ name }) => name),
    missing: found.flatMap(({ name, reason }) => (reason === undefined ? [] : [{ name, reason }])),
  };
}

/** Whether a piece was fetched whole, for this processor and in the pinned version. */
export function pieceIsComplete(piece: Piece): boolean {
  const mark = join(PIECES[piece], COMPLETE_MARK);
  return existsSync(mark) && readFileSync(mark, "utf8") === pieceMark();
}

/** What the mark of a whole piece says: binaries of one platform must not pass for those of another. */
export function pieceMark(): string {
  return `${process.platform} ${process.arch}\n`;
}

/** The path of a program, looked for on PATH and where Debian keeps servers; undefined when there is none. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** @throws Error that names the program and the command which installs it. */
export function programPath(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed: npm run stack:install`);
  return path;
}

/** The folder that holds bin/java: JAVA_HOME, or that of the java on PATH. */
export function javaHome(): string {
  if (process.env.JAVA_HOME) return process.env.JAVA_HOME;
  return dirname(dirname(realpathSync(programPath("java"))));
}

/** The ghz program, for load from outside; @throws Error when it is not installed. */
export function ghzPath(): string {
  if (!pieceIsComplete("ghz")) throw new Error("ghz is not installed: npm run stack:install");
  return join(PIECES.ghz, "ghz");
}

/** The folder of Python packages for docs/consumer; undefined when they are not installed. */
export function consumerPackages(): string | undefined {
  return pieceIsComplete("consumer") ? PIECES.consumer : undefined;
}

function reasonMissing(name: ServerName): string | undefined {
  switch (name) {
    case "kafka":
    case "elasticsearch":
      return missingPiece(name) ?? missingProgram("java");
    case "mariadb":
      return missingProgram("mariadbd") ?? missingProgram("mariadb-install-db");
    case "redis":
      return missingProgram("redis-server");
    case "envoy":
      return missingPiece(name);
  }
}

function missingPiece(piece: Piece): string | undefined {
  return pieceIsComplete(piece) ? undefined : `${piece} ${VERSIONS[piece]} is not in the cache`;
}

function missingProgram(name: string): string | undefined {
  return findProgram(name) === undefined ? `there is no program ${name}` : undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
