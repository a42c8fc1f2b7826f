import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One item of a bulk request: its two lines. */
type Item = string;
/** What Elasticsearch answered to a bulk, or what is to be sent in its place. */
export interface Answer {
  status: number;
  contentType: string;
  body: string;
  /** Ends the connection after that many bytes of the body; with 0 before any of the answer. */
  cutAfter?: number;
}

/** Stands between a client and Elasticsearch: gives everything on, and spoils it as a test tells it. */
export class SpoilingProxy {
  /** How many items each bulk brought, in order. */
  readonly bulkSizes: number[] = [];
  /** What to make of a request's body. */
  rewrite: (body: string, path: string) => string = (body) => body;
  /** What to make of an answer. What was asked for is done whatever it says. */
  spoil: (answer: Answer, path: string) => Answer = (answer) => answer;
  /** Whether to answer 429 for an item of a bulk without giving it on; called for each. */
  isBusy: (item: Item) => boolean = () => false;
  private readonly target: string;
  private readonly server = createServer((request, response) => {
    this.handle(request, response).catch(() => response.destroy());
  });

  /** `target`: the URL of the real one. */
  constructor(target: string) {
    this.target = target;
  }

  /** Resolves with the URL for the client. */
  async listen(): Promise<string> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = await request.toArray();
    const path = request.url!;
    const body = this.rewrite(Buffer.concat(chunks).toString(), path);
    const answer = path.startsWith("/_bulk") ? await this.bulk(request, body) : await this.giveOn(request, body);
    const { status, contentType, cutAfter, ...spoilt } = this.spoil(answer, path);
    const bytes = Buffer.from(spoilt.body);
    if (cutAfter === 0) return void response.destroy();
    response.writeHead(status, {
      "content-type": contentType,
      "content-length": bytes.length,
      "x-elastic-product": "Elasticsearch",
    });
    if (cutAfter === undefined) response.end(bytes);
    else response.write(bytes.subarray(0, cutAfter), () => response.destroy());
  }

  /** Gives on the items that are not busy, and puts the answers together in the order of the request. */
  private async bulk(request: IncomingMessage, body: string): Promise<Answer> {
    const items = body.match(/[^\n]*\n[^\n]*\n/g) ?? [];
    this.bulkSizes.push(items.length);
    const busy = items.map((item) => this.isBusy(item));
    const rest = items.filter((_, index) => !busy[index]);
    if (rest.length === items.length) return this.giveOn(request, body);
    const answer = rest.length > 0 ? await this.giveOn(request, rest.join("")) : JSON_ANSWER;
    const answered = JSON.parse(answer.body).items.values();
    const all = busy.map((isBusy) => (isBusy ? BUSY : answered.next().value));
    return { ...answer, body: JSON.stringify({ errors: true, items: all }) };
  }

  private async giveOn(request: IncomingMessage, body: string): Promise<Answer> {
    const answer = await fetch(`${this.target}${request.url}`, {
      method: request.method,
      headers: {
        accept: request.headers.accept!,
        ...(body === "" ? {} : { "content-type": request.headers["content-type"]! }),
      },
      body: body === "" ? undefined : body,
    });
    return {
      status: answer.status,
      contentType: answer.headers.get("content-type") ?? "",
      body: await answer.text(),
    };
  }
}

const JSON_ANSWER: Answer = { status: 200, contentType: "application/json", body: '{"items":[]}' };
const BUSY = { create: { status: 429, error: { type: "es_rejected_execution_exception", reason: "queue" } } };
