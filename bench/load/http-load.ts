/**
 * A load of its own process: connections that are kept, each with one request after the other, for some seconds. Its one
 * argument is an `HttpLoad` as JSON; it prints an `HttpLoadResult`.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { parseIdentity } from "../../services/domain/identity.ts";
import { addBatch, compacted, type Identities } from "../measure/identities.ts";
import { type Quantiles, quantiles } from "../measure/spread.ts";
import { type RestRoute, restBodies } from "./rest-bodies.ts";

/** What to send, and where. */
export interface HttpLoad {
  address: string;
  route: RestRoute;
  connections: number;
  seconds: number;
  /** True: it keeps nothing, so there is nothing to count. */
  isFloor: boolean;
}

/** What became of it. */
export interface HttpLoadResult {
  /** Requests answered 200 or 201. */
  calls: number;
  /** Other answers, by status; 0: none. */
  failed: Record<string, number>;
  wallSeconds: number;
  answeredMs: Quantiles;
  /** By `/logs`, which says the identity of what it kept. */
  acknowledged: Identities;
}

const FAILED_PAUSE_MS = 50; // A server that refuses at once is not asked without end.

async function main(load: HttpLoad): Promise<void> {
  const bodies = restBodies(load.route, Date.now()).map((body) => Buffer.from(body));
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const url = new URL(load.route, `http://${load.address}`);
  const acknowledged: Identities = {};
  const failed: Record<string, number> = {};
  const answeredMs: number[] = [];
  let sent = 0;
  const startMs = performance.now();
  const endMs = startMs + load.seconds * 1_000;
  await Promise.all(Array.from({ length: load.connections }, client));
  const wallSeconds = (performance.now() - startMs) / 1_000;
  agent.destroy();
  const result: HttpLoadResult = {
    calls: answeredMs.length,
    failed,
    wallSeconds,
    answeredMs: quantiles(answeredMs),
    acknowledged: compacted(acknowledged),
  };
  console.log(JSON.stringify(result));

  async function client(): Promise<void> {
    while (performance.now() < endMs) {
      const beganMs = performance.now();
      const { status, body } = await post(bodies[sent++ % bodies.length]!);
      if (status === 200 || status === 201) {
        answeredMs.push(performance.now() - beganMs);
        if (!load.isFloor && load.route === "/logs") note(body);
      } else {
        failed[status] = (failed[status] ?? 0) + 1;
        await new Promise((resolve) => setTimeout(resolve, FAILED_PAUSE_MS));
      }
    }
  }

  function note(body: string): void {
    const { producer, seq } = parseIdentity((JSON.parse(body) as { id: string }).id);
    addBatch(acknowledged, producer, seq, 1);
  }

  function post(body: Buffer): Promise<{ status: number; body: string }> {
    return new Promise((resolve) => {
      const headers = { "content-type": "application/json", "content-length": body.length };
      const call = request(url, { method: "POST", agent, headers }, (answer) => void read(answer, resolve));
      call.on("error", () => resolve({ status: 0, body: "" }));
      call.end(body);
    });
  }
}

function read(answer: IncomingMessage, done: (outcome: { status: number; body: string }) => void): void {
  const parts: Buffer[] = [];
  answer.on("data", (part: Buffer) => parts.push(part));
  answer.on("end", () => done({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString() }));
  answer.on("error", () => done({ status: 0, body: "" }));
}

await main(JSON.parse(process.argv[2]!) as HttpLoad);
