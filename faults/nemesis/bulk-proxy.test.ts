import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SeededRandom } from "../ledger/seeded-random.ts";
import { BulkProxy } from "./bulk-proxy.ts";

let store: Server;
let proxy: BulkProxy;
let forwarded: string[];

/** Answers a bulk as Elasticsearch does: one item for each operation, in order, with its id. */
beforeEach(async () => {
  forwarded = [];
  store = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const ids = [...body.matchAll(/"_id":"(\w+)"/g)].map((match) => match[1]!);
    forwarded.push(...ids);
    response.setHeader("x-elastic-product", "Elasticsearch");
    response.end(JSON.stringify({ items: ids.map((_id) => ({ create: { _id, status: 201 } })), path: request.url }));
  });
  store.listen(0, "127.0.0.1");
  await once(store, "listening");
  proxy = await BulkProxy.listen(`http://127.0.0.1:${(store.address() as AddressInfo).port}`, new SeededRandom(3));
});

afterEach(async () => {
  await proxy.close();
  store.closeAllConnections();
  store.close();
});

function bulk(ids: readonly string[]): string {
  return ids.map((_id) => `${JSON.stringify({ create: { _id } })}\n{"message":"of ${_id}"}\n`).join("");
}

async function send(ids: readonly string[]): Promise<unknown> {
  const answer = await fetch(`${proxy.url}/_bulk?timeout=2s`, { method: "POST", body: bulk(ids) });
  return JSON.parse(await answer.text());
}

describe("the proxy before Elasticsearch", () => {
  it("does to bulk requests everything that it may, and what it says of an item is true", async () => {
    for (let round = 0; round < 120; round++) {
      const ids = ["a", "b", "c", "d", "e"].map((letter) => `${letter}${round}`);
      const before = forwarded.length;
      const answer = (await send(ids).catch(() => undefined)) as
        | { items?: { create: { status: number } }[] }
        | undefined;
      const kept = new Set(forwarded.slice(before));
      if (answer?.items === undefined) continue;
      expect(answer.items).toHaveLength(ids.length);
      answer.items.forEach(({ create }, index) => {
        expect(create.status === 201).toBe(kept.has(ids[index]!));
      });
    }
    const { refusedOperations, ...requests } = proxy.counts;
    expect(Object.values(requests).reduce((sum, count) => sum + count, 0)).toBe(120);
    expect(Math.min(...Object.values(requests))).toBeGreaterThan(0);
    expect(refusedOperations).toBeGreaterThan(0);
    expect(forwarded.length).toBeLessThan(600);
  });

  it("lets everything else pass, and everything once it is calm", async () => {
    const answer = await fetch(`${proxy.url}/_cluster/health`);
    expect(await answer.json()).toMatchObject({ path: "/_cluster/health" });
    proxy.calmDown();
    for (let round = 0; round < 20; round++) await send([`x${round}`]);
    expect(forwarded).toHaveLength(20);
  });
});
