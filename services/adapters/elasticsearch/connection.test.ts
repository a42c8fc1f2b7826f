import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { errors } from "@elastic/elasticsearch";
import { describe, expect, it, onTestFinished } from "vitest";
import { openClient, send } from "./connection.ts";

const SECRET = Buffer.from("reader:a secret").toString("base64");
const never = new AbortController().signal;

/** What a request with a body fails with at a server that answers so, or never. */
async function failure(status: number | undefined, lines: Buffer, signal = never) {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    request.resume();
    if (status === undefined) return;
    response.writeHead(status, { "content-type": "application/json", "x-elastic-product": "Elasticsearch" });
    response.end('{"error":{"type":"any"}}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const client = openClient(`http://reader:a%20secret@127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => client.close());
  const request = { method: "POST", path: "/_bulk", lines } as const;
  const reason: unknown = await send(client, request, 1_000, signal).catch((error: unknown) => error);
  expect(seen).toEqual([`Basic ${SECRET}`]);
  if (!(reason instanceof errors.ElasticsearchClientError)) throw new Error("it did not fail", { cause: reason });
  return reason as errors.ElasticsearchClientError & { meta: { meta: { request: { params: { body: unknown } } } } };
}

describe("a request to Elasticsearch that fails", () => {
  const lines = Buffer.alloc(1_000, "{}\n");

  it.each([
    ["is refused", 429],
    ["is not answered in time", undefined],
  ])("keeps the body that was sent, not a copy of it, where it %s", async (_, status) => {
    expect((await failure(status, lines)).meta.meta.request.params.body).toBe(lines);
  });

  it.each([[429], [undefined]])("tells no password (answer: %s)", async (status) => {
    const told = inspect(await failure(status, lines), { depth: 20, showHidden: true });
    expect(told).not.toContain(SECRET);
    expect(told).not.toContain("a secret");
  });
});
