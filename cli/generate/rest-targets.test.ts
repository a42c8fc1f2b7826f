import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { BatchSource } from "./record-source.ts";
import { linesUpload, restWrite } from "./rest-targets.ts";
import { SeededRandom } from "./seeded-random.ts";

const SHARES = { clientErrors: 0, serverErrors: 0 };
const SPAN = { fromMs: 0, toMs: 1_000 };

/** What a server that answers 200 and this body is told to have done with ten records. */
async function sendTo(body: string, via: "lines" | "batch") {
  const server = createServer((request, response) => request.resume().on("end", () => response.end(body)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const random = new SeededRandom(1);
  const source = new BatchSource("application", random, SHARES, (count) => new Uint8Array(count));
  const target = via === "lines" ? linesUpload(url, 5_000, random, SHARES) : restWrite(url, 5_000, source);
  onTestFinished(() => {
    target.close();
    server.close();
  });
  return target.send(target.draw(10, SPAN), 10);
}

it.each([
  ["lines", '{"rejected":{"count":3,"rejects":[{"index":1,"field":"time","reason":"is missing"}]}}', 7],
  ["batch", '{"rejects":[{"index":1,"field":"time","reason":"is missing"}]}', 9],
  // Other servers answer what they like.
  ["lines", "<html>", 10],
  ["lines", '{"rejected":true}', 10],
  ["lines", '{"rejected":{"count":"7","rejects":[null]}}', 10],
  ["lines", '{"rejected":{"count":11,"rejects":{}}}', 10],
  ["batch", '{"rejects":null}', 10],
  ["batch", '{"rejects":{"length":-5}}', 10],
] as const)("of %s, the answer %s counts", async (via, body, accepted) => {
  expect(await sendTo(body, via)).toMatchObject({ kind: "kept", accepted, rejected: 10 - accepted });
});
