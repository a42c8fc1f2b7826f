import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeadLetterSchema } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { type RunningMariadb, startMariadb } from "../../../stack/mariadb.ts";
import { realServers } from "../../../tests/real-servers.ts";
import { BROKER_MESSAGE_BYTES_MAX } from "../../domain/limits.ts";
import { newTenant } from "../../ports/contract-batches.ts";
import { MysqlConnections } from "./connections.ts";
import { MysqlDeadLetterTable } from "./dead-letter-table.ts";
import { makeTestDatabase, type TestDatabase } from "./test-database.ts";

const signal = AbortSignal.timeout(600_000);
const MIB = 1024 * 1024;

describe.runIf(realServers())("dead letters in a MySQL server that takes packets of 1 MiB", () => {
  let server: RunningMariadb;
  let database: TestDatabase;
  let connections: MysqlConnections;
  let table: MysqlDeadLetterTable;

  beforeAll(async () => {
    server = await startMariadb({ settings: { "max-allowed-packet": MIB } });
    database = await makeTestDatabase(server.url);
    connections = new MysqlConnections(database.settings);
    table = new MysqlDeadLetterTable(connections, database.settings.clock);
    await table.prepare();
  });
  afterAll(async () => {
    await connections?.close();
    await server?.remove();
  });

  it("are kept, the larger ones cut, which they say, so that those behind them are kept too", async () => {
    const tenant = newTenant();
    const sizes = [10, MIB - 100_000, MIB, BROKER_MESSAGE_BYTES_MAX, 20];
    const letters = sizes.map((size) =>
      create(DeadLetterSchema, {
        store: "mysql",
        tenant,
        id: String(size),
        reason: "undecodable",
        detail: "é".repeat(1_000),
        original: Buffer.alloc(size, 7),
      }),
    );
    expect(await table.fill(letters, signal)).toBe(5);
    expect(await table.fill(letters, signal)).toBe(0);

    const page = { limit: 1, originalBytesMax: BROKER_MESSAGE_BYTES_MAX };
    const lists = await Promise.all(sizes.map((size) => table.list({ tenant, id: String(size) }, page, signal)));
    const listed = lists.flat();
    expect(listed.map(({ originalBytes }) => originalBytes)).toEqual(sizes);
    for (const { letter, originalBytes } of listed) {
      const kept = letter.original.length;
      const isCut = originalBytes >= MIB;
      expect(kept < originalBytes).toBe(isCut);
      expect(kept).toBeGreaterThanOrEqual(Math.min(originalBytes, MIB - 20_000));
      expect(letter.detail.includes(`the first ${kept} of its ${originalBytes} bytes`)).toBe(isCut);
    }
  });
});
