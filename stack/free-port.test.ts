import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, it } from "vitest";
import { freePort, portIsFree } from "./free-port.ts";
import { STACK_PORTS } from "./ports.ts";

describe("freePort", () => {
  it("names ports that differ, are free, and lie below those of outgoing connections", async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, freePort));
    assert.equal(new Set(ports).size, 50);
    for (const port of ports) assert.ok(port >= 20_000 && port < 32_768, String(port));
    assert.equal(await portIsFree(ports[0]!), true);
  });

  it("sees a port that is taken", async () => {
    const port = await freePort();
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    assert.equal(await portIsFree(port), false);
    server.close();
    await once(server, "close");
    assert.equal(await portIsFree(port), true);
  });
});

describe("the ports of the stack", () => {
  it("differ from each other and from the defaults of the servers", () => {
    const ports = Object.values(STACK_PORTS).flat();
    assert.equal(new Set(ports).size, ports.length);
    for (const taken of [9092, 9200, 9300, 3306, 6379]) assert.ok(!ports.includes(taken as never));
  });
});
