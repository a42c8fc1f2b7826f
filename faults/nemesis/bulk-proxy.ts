import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { SeededRandom } from "../ledger/seeded-random.ts";

/** One operation of a bulk request. */
interface Operation {
  /** create, index, update or delete. */
  action: string;
  /** Its one or two lines, each with its newline. */
  lines: string;
}

/** What happens to a bulk request, with the share of the requests that it happens to. */
const MISCHIEF = [
  ["pass", 0.4],
  ["refuse-some", 0.3], // Some operations are refused with 429 or 503; only the others are forwarded.
  ["refuse-all", 0.1], // The request is answered 429 and not forwarded.
  ["truncate", 0.1], // It is forwarded; its answer ends in the middle.
  ["close", 0.1], // It is forwarded; the connection is closed without an answer.
] as const;
type Mischief = (typeof MISCHIEF)[number][0];

const REFUSED_SHARE = 0.3;

/** Stands before Elasticsearch and spoils bulk requests. Everything else passes. */
export class BulkProxy {
  /** Bulk requests by what happened to them, and refused operations. */
  readonly counts: Record<Mischief | "refusedOperations", number> = {
    ...{ pass: 0, "refuse-some": 0, "refuse-all": 0, truncate: 0, close: 0, refusedOperations: 0 },
  };
  private readonly target: URL;
  private readonly random: SeededRandom;
  private readonly server: Server;
  private readonly agent = new Agent({ keepAlive: true });
  private calm = false;

  private constructor(targetUrl: string, random: SeededRandom) {
    this.target = new URL(targetUrl);
    this.random = random;
    this.server = createServer((incoming, outgoing) => {
      this.handle(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  static async listen(targetUrl: string, random: SeededRandom): Promise<BulkProxy> {
    const proxy = new BulkProxy(targetUrl, random);
    await new Promise<void>((resolve, reject) => {
      proxy.server.once("error", reject);
      proxy.server.listen({ host: "127.0.0.1", port: 0 }, resolve);
    });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on everything passes. */
  calmDown(): void {
    this.calm = true;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.agent.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming);
    const isBulk = incoming.url?.startsWith("/_bulk") ?? false;
    const mischief = isBulk && !this.calm ? this.draw() : "pass";
    if (isBulk) this.counts[mischief]++;
    if (mischief === "refuse-all") return send(outgoing, 429, TOO_MANY);
    if (mischief === "refuse-some") return this.refuseSome(incoming, body, outgoing);
    const answer = await this.forward(incoming, body);
    if (mischief === "close") outgoing.destroy();
    else if (mischief === "truncate") truncate(outgoing, answer);
    else send(outgoing, answer.status, answer.body, answer.headers);
  }

  private draw(): Mischief {
    let left = this.random.next();
    for (const [mischief, share] of MISCHIEF) {
      left -= share;
      if (left < 0) return mischief;
    }
    return "pass";
  }

  private async refuseSome(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): Promise<void> {
    const operations = operationsOf(body.toString());
    const refused = operations.map(() => this.random.chance(REFUSED_SHARE));
    this.counts.refusedOperations += refused.filter(Boolean).length;
    const forwarded = operations.filter((_, index) => !refused[index]);
    let items: unknown[] = [];
    if (forwarded.length > 0) {
      const answer = await this.forward(incoming, Buffer.from(forwarded.map(({ lines }) => lines).join("")));
      if (answer.status !== 200) return send(outgoing, answer.status, answer.body, answer.headers);
      items = (JSON.parse(answer.body.toString()) as { items: unknown[] }).items;
    }
    const all = operations.map(({ action }, index) =>
      refused[index] ? { [action]: this.random.chance(0.5) ? BUSY : UNAVAILABLE } : items.shift(),
    );
    send(outgoing, 200, Buffer.from(JSON.stringify({ errors: true, items: all })));
  }

  private forward(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    const { method, url } = incoming;
    const headers = { ...incoming.headers, host: this.target.host, "content-length": String(body.length) };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(url ?? "/", this.target), { method, headers, agent: this.agent }, (response) => {
        const answered = (bytes: Buffer) =>
          resolve({ status: response.statusCode ?? 502, headers: response.headers, body: bytes });
        bytesOf(response).then(answered, reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

const BUSY = { status: 429, error: { type: "es_rejected_execution_exception", reason: "the queue is full" } };
const UNAVAILABLE = { status: 503, error: { type: "unavailable_shards_exception", reason: "the shard is not there" } };
const TOO_MANY = Buffer.from(JSON.stringify({ error: { type: "circuit_breaking_exception" }, status: 429 }));

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

function send(outgoing: ServerResponse, status: number, body: Buffer, headers: IncomingMessage["headers"] = {}): void {
  const product = headers["x-elastic-product"] ?? "Elasticsearch"; // Without it the client takes us for somebody else.
  const contentType = headers["content-type"] ?? "application/json";
  outgoing.writeHead(status, {
    "x-elastic-product": product,
    "content-type": contentType,
    "content-length": body.length,
  });
  outgoing.end(body);
}

/** Announces the whole answer and sends half of it. */
function truncate(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, {
    "x-elastic-product": "Elasticsearch",
    "content-type": headers["content-type"] ?? "application/json",
    "content-length": body.length,
  });
  outgoing.write(body.subarray(0, body.length >> 1), () => outgoing.destroy());
}

function operationsOf(body: string): Operation[] {
  const lines = body.split("\n").filter((line) => line !== "");
  const operations: Operation[] = [];
  for (let at = 0; at < lines.length; ) {
    const [action = ""] = Object.keys(JSON.parse(lines[at]!) as object);
    const count = action === "delete" ? 1 : 2;
    operations.push({
      action,
      lines: lines
        .slice(at, at + count)
        .map((line) => `${line}\n`)
        .join(""),
    });
    at += count;
  }
  return operations;
}
