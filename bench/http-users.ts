/**
 * Closed-loop HTTP users on a plain log API's routes, through Envoy:
 *
 *     node bench/http-users.ts [--url http://127.0.0.1:8080] [--users 600] [--seconds 120] [--report FILE]
 *
 * Each user writes records (POST /logs) as fast as they are answered; in 25 turns it reads one of its own back (GET
 * /logs/{id}), in a hundred it searches once and pings once, each user at turns of its own: 94 % writes, about the mix of
 * the stress test that such an API is published with. Searches are dear: at one in twenty calls they are what all 600
 * users wait for in the end.
 * At the end every write that was answered 201 is looked up by its id: one that cannot be found is a lost write.
 * Ends with 1 if a write was lost, or any answer was a 5xx or none at all.
 */
import { writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { parseArgs } from "node:util";

const LOOKUP_MS_MAX = 120_000;
const LOOKUPS_AT_ONCE = 20;
const CALL_MS_MAX = 45_000;

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8080" },
    users: { type: "string", default: "600" },
    seconds: { type: "string", default: "120" },
    report: { type: "string" },
  },
});
const users = Number(values.users);
const seconds = Number(values.seconds);
if (!(users >= 1 && users <= 2_000 && seconds >= 1 && seconds <= 900)) {
  throw new Error("--users must be from 1 to 2000, --seconds from 1 to 900");
}

interface Answer {
  /** 0: no answer. */
  status: number;
  body: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: users });
const acceptedIds: string[] = [];
const statuses = new Map<string, number>();
const latenciesMs: number[] = [];

function call(method: string, path: string, body?: string): Promise<Answer> {
  return new Promise((resolve) => {
    const options = {
      method,
      agent,
      timeout: CALL_MS_MAX,
      headers: body ? { "content-type": "application/json" } : {},
    };
    const sent = request(new URL(path, values.url), options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }));
      response.on("error", () => resolve({ status: 0, body: "" }));
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve({ status: 0, body: "" }));
    sent.end(body);
  });
}

async function timed(name: string, method: string, path: string, body?: string): Promise<Answer> {
  const began = performance.now();
  const answer = await call(method, path, body);
  latenciesMs.push(performance.now() - began);
  const key = `${name} ${answer.status}`;
  statuses.set(key, (statuses.get(key) ?? 0) + 1);
  return answer;
}

async function user(number: number, endMs: number): Promise<void> {
  let own: string | undefined;
  for (let turn = 0; performance.now() < endMs; turn++) {
    const record = {
      service_name: `service-${number % 20}`,
      level: turn % 10 === 0 ? "ERROR" : "INFO",
      message: `user ${number} turn ${turn}`,
    };
    const written = await timed("POST /logs", "POST", "/logs", JSON.stringify(record));
    if (written.status === 201) {
      const { id } = JSON.parse(written.body) as { id: string };
      acceptedIds.push(id);
      own ??= id;
    }
    // A user's first record is a few turns old by then: not being there yet would be a 404, and is counted as such.
    if (turn % 25 === (number + 9) % 25 && own) await timed("GET /logs/{id}", "GET", `/logs/${own}`);
    if (turn % 100 === (number + 5) % 100)
      await timed("GET /logs/search", "GET", `/logs/search?q=service-${number % 20}&level=ERROR`);
    if (turn % 100 === (number + 15) % 100) await timed("GET /ping", "GET", "/ping");
  }
}

/** Looks every accepted id up until all are found or the time is over; the ids that are not. */
async function lostWrites(): Promise<string[]> {
  let missing = acceptedIds;
  const endMs = performance.now() + LOOKUP_MS_MAX;
  while (missing.length > 0 && performance.now() < endMs) {
    const queue = [...missing];
    const still: string[] = [];
    await Promise.all(
      Array.from({ length: LOOKUPS_AT_ONCE }, async () => {
        for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
          if ((await call("GET", `/logs/${id}`)).status !== 200) still.push(id);
        }
      }),
    );
    missing = still;
    if (missing.length > 0) await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  return missing;
}

function quantile(sorted: readonly number[], share: number): number {
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) * 10) / 10;
}

const began = performance.now();
await Promise.all(Array.from({ length: users }, (_, number) => user(number, began + seconds * 1_000)));
const tookSeconds = (performance.now() - began) / 1_000;
const lost = await lostWrites();
const bad = [...statuses].filter(([key]) => / (5\d\d|0)$/.test(key));
const sorted = latenciesMs.sort((a, b) => a - b);
const report = {
  command: `node bench/http-users.ts --users ${users} --seconds ${seconds}`,
  date: new Date().toISOString(),
  users,
  seconds: Math.round(tookSeconds * 10) / 10,
  calls: sorted.length,
  callsPerSecond: Math.round(sorted.length / tookSeconds),
  answers: Object.fromEntries([...statuses].sort()),
  acceptedWrites: acceptedIds.length,
  differentIds: new Set(acceptedIds).size,
  lostWrites: lost.length,
  serverErrorsOrNoAnswer: bad.reduce((sum, [, count]) => sum + count, 0),
  latencyMs: {
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
  },
};
console.log(JSON.stringify(report, null, 2));
if (values.report) writeFileSync(values.report, `${JSON.stringify(report, null, 2)}\n`);
agent.destroy();
process.exitCode = lost.length > 0 || bad.length > 0 || report.differentIds !== acceptedIds.length ? 1 : 0;
