import type { Writable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { RedisConnection } from "./connection.ts";
import { connected, listeningLogger } from "./redis.fixture.ts";

const servers = realServers();

describe.runIf(servers)("RedisConnection", () => {
  let connection: RedisConnection;
  afterEach(() => connection.close());

  it("hands all commands of one turn of the event loop to its socket at once, and those of the next one again", async () => {
    const settings = { url: servers!.redisUrl, prefix: "unused" };
    connection = await connected(new RedisConnection(settings, 2_000, listeningLogger()));
    const stream = connection.redis.stream as Required<Writable>;
    const [alone, together] = [vi.spyOn(stream, "_write"), vi.spyOn(stream, "_writev")];
    for (let turn = 1; turn <= 3; turn++) {
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => connection.ask((redis) => redis.echo(`${index}`))),
      );
      expect(answers).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
      expect([alone.mock.calls.length, together.mock.calls.length]).toEqual([0, turn]);
    }
  });
});
