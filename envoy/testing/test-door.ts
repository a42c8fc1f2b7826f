import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type RunningEnvoy, startEnvoy } from "../../stack/envoy.ts";
import { freePort } from "../../stack/free-port.ts";
import { waitUntil } from "../../stack/wait.ts";
import { renderEnvoy } from "../render.ts";
import type { EnvoyConfigTree } from "./config-parts.ts";
import { StubUpstream } from "./stub-upstream.ts";

/** The committed descriptor set, which Envoy loads. */
export const DESCRIPTOR_PATH = join(import.meta.dirname, "..", "..", "gen", "logpulse.binpb");

/** An answer of the REST door. */
export interface RestAnswer {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON, else the text. */
  body: unknown;
}

/** A real Envoy with our configuration, and stubs behind it: three for ingest, one for each other role. */
export class TestDoor {
  readonly envoy: RunningEnvoy;
  readonly ingest: readonly StubUpstream[];
  readonly query: StubUpstream;
  readonly stats: StubUpstream;
  readonly worker: StubUpstream;

  constructor(
    envoy: RunningEnvoy,
    ingest: readonly StubUpstream[],
    others: Pick<TestDoor, "query" | "stats" | "worker">,
  ) {
    this.envoy = envoy;
    this.ingest = ingest;
    this.query = others.query;
    this.stats = others.stats;
    this.worker = others.worker;
  }

  get stubs(): readonly StubUpstream[] {
    return [...this.ingest, this.query, this.stats, this.worker];
  }

  /** Every call that reached any stub. */
  get calls(): string[] {
    return this.stubs.flatMap((stub) => stub.calls);
  }

  /** One REST call; a body that is no string is sent as JSON. */
  async rest(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<RestAnswer> {
    const sent =
      body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    const answer = await fetch(`${this.envoy.url}${path}`, {
      method,
      headers,
      body: sent as RequestInit["body"],
      signal: AbortSignal.timeout(30_000),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type") === "application/json";
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** The value of one of Envoy's counters or gauges; 0 where it has none of that name. */
  async stat(name: string): Promise<number> {
    const answer = await fetch(`${this.envoy.adminUrl}/stats?format=json&usedonly&filter=^${name}$`);
    const { stats } = (await answer.json()) as { stats: { value?: number }[] };
    return stats[0]?.value ?? 0;
  }

  /** How many replicas of a cluster Envoy would use now. */
  async healthyHosts(cluster: string): Promise<number> {
    return this.stat(`cluster.${cluster}.membership_healthy`);
  }

  /** The access log's entries that have this path. */
  async accessLog(path: string): Promise<Record<string, unknown>[]> {
    await this.#flushAccessLog();
    return readFileSync(this.envoy.logFile, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((entry) => entry.path === path);
  }

  /** Envoy writes its log every 10 s, or when 64 KiB have come together: they are brought together. */
  async #flushAccessLog(): Promise<void> {
    const before = statSync(this.envoy.logFile).size;
    const isWritten = () => statSync(this.envoy.logFile).size > before;
    for (let n = 0; n < 500 && !isWritten(); n++) await this.rest("GET", "/nothing-but-a-line-of-the-log");
    await waitUntil(isWritten, 15_000);
  }

  /** Forgets what the stubs were told and what was called. */
  reset(): void {
    for (const stub of this.stubs) stub.reset();
  }

  /** Resolves when every role has a healthy replica; @throws Error after 10 s. */
  async ready(): Promise<void> {
    const clusters = ["worker", "worker_h1"]; // Of which /readyz says nothing.
    const isReady = async () =>
      (await fetch(`${this.envoy.url}/readyz`)).status === 200 &&
      (await Promise.all(clusters.map((cluster) => this.healthyHosts(cluster)))).every((hosts) => hosts > 0);
    if (!(await waitUntil(isReady, 10_000))) throw new Error("the door was not ready within 10 s");
  }

  async close(): Promise<void> {
    await this.envoy.remove();
    await Promise.all(this.stubs.map((stub) => stub.close()));
  }
}

export interface DoorOptions {
  /** Default: gen/logpulse.binpb. */
  descriptorPath?: string;
  /** Changes the rendered configuration, where a test shows what another one would do. */
  change?: (config: EnvoyConfigTree) => void;
  /** Default: true. False: the stubs' ports are known to Envoy, nobody listens there, and nothing is waited for. */
  startStubs?: boolean;
}

/** Starts stubs and Envoy, and waits until it has found them healthy. */
export async function openDoor(options: DoorOptions = {}): Promise<TestDoor> {
  const stubs = Array.from({ length: 6 }, () => new StubUpstream());
  const ports = await Promise.all(
    stubs.map((stub) =>
      freePort().then((port) => (options.startStubs === false ? stub.reserve(port) : stub.start(port))),
    ),
  );
  const [first, second, third, query, stats, worker] = ports.map((port) => `127.0.0.1:${port}`);
  const port = await freePort();
  const yaml = renderEnvoy({
    listenPort: port,
    adminPort: 9901, // startEnvoy takes a free one.
    ingest: [first!, second!, third!],
    query: [query!],
    stats: [stats!],
    worker: [worker!],
    descriptorPath: options.descriptorPath ?? DESCRIPTOR_PATH,
  });
  const config = parse(yaml) as EnvoyConfigTree;
  options.change?.(config);
  const envoy = await startEnvoy({ config: { yaml: stringify(config, { aliasDuplicateObjects: false }) }, port });
  const others = { query: stubs[3]!, stats: stubs[4]!, worker: stubs[5]! };
  const door = new TestDoor(envoy, stubs.slice(0, 3), others);
  if (options.startStubs !== false) await door.ready();
  return door;
}
