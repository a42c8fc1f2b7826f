import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AdminService } from "../gen/logpulse/v1/admin_service_pb.ts";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { makeUuidV7 } from "../services/domain/identity.ts";
import { eventually } from "./eventually.ts";
import { program, ready } from "./program.ts";

describe("the process", { timeout: 60_000 }, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "logpulse-process-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const isReady = (address: string) =>
    eventually(
      () => ready(address),
      ({ status }) => status === 200,
    );

  it("tells all mistakes in its settings together and does not start", async () => {
    const { ended, output } = await program({ ROLES: "cook", KAFKA_PARTITIONS: "many", LOGPULSE_RATE: "5" });
    expect(await ended).toBe(2);
    expect(output()).toMatch(
      /^cannot start:\n- ROLES is "cook".*\n- KAFKA_PARTITIONS is "many".*\n- LOGPULSE_RATE is not a setting/,
    );
  });

  it.runIf(process.platform === "linux")("lets all other threads go before the one that stores", async () => {
    const { pid, ended, kill, address } = await program({ LOGPULSE_DATA: join(folder, "data") });
    await isReady(address);
    const [main] = threadsOf(pid).filter(({ id }) => id === pid);
    const [store] = threadsOf(pid).filter(({ name }) => name.startsWith("logpulse-store"));
    expect(store!.niceness).toBe(Math.min(19, main!.niceness + 5));
    const others = threadsOf(pid).filter(({ id }) => id !== store!.id);
    expect(new Set(others.map(({ niceness }) => niceness))).toEqual(new Set([main!.niceness]));
    kill("SIGTERM");
    expect(await ended).toBe(0);
  });

  it("says where it listens, where its data is and what to try, and ends in order", async () => {
    const data = join(folder, "data");
    const { ended, output, kill, address } = await program({ LOGPULSE_DATA: data });
    await isReady(address);
    const greeting = await eventually(
      async () => /^LogPulse listens.*\n( {2}.*\n){3}/m.exec(output())?.[0],
      (text) => text !== undefined,
    );
    const [first, ...commands] = greeting!.trimEnd().split("\n");
    expect(first).toBe(`LogPulse listens on http://${address} (REST, gRPC, Connect), its data is in ${data}. Try:`);
    for (const command of commands) expect(command).toContain(address);
    kill("SIGTERM");
    expect(await ended).toBe(0);
  });

  it("refuses a folder that another process uses, and says which", async () => {
    const first = await program({ LOGPULSE_DATA: folder });
    await isReady(first.address);
    const second = await program({ LOGPULSE_DATA: folder });
    expect(await second.ended).toBe(1);
    expect(second.output()).toMatch(
      new RegExp(`^cannot start: the data folder ${folder} is in use by another LogPulse \\(process \\d+\\)`, "m"),
    );
    first.kill("SIGTERM");
    expect(await first.ended).toBe(0);
  });

  it("does not make a damaged store again from a log that never had its records, and leaves it as it is", async () => {
    const startAndStop = async () => {
      const running = await program({ LOGPULSE_DATA: folder });
      await isReady(running.address);
      const url = `http://${running.address}`;
      await fetch(`${url}/logs`, { method: "POST", body: JSON.stringify({ message: "kept" }) });
      await eventually(
        async () => (await fetch(`${url}/logs/search?q=kept`)).json() as Promise<{ count: number }>,
        ({ count }) => count > 0,
      );
      running.kill("SIGTERM");
      expect(await running.ended).toBe(0);
    };
    await startAndStop();
    rmSync(join(folder, "log.db"));
    await startAndStop();
    const store = join(folder, "store.db");
    const damaged = readFileSync(store).fill(0x55, 0, 100);
    writeFileSync(store, damaged);
    const refused = await program({ LOGPULSE_DATA: folder });
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toMatch(
      /^cannot start: the store's file .*store\.db is damaged: .*Nothing was changed\./m,
    );
    expect(readFileSync(store).equals(damaged)).toBe(true);
  });

  it("lists what its store refused, tries it again, and still knows of it when it was started again", async () => {
    const first = await program({ LOGPULSE_DATA: folder });
    await isReady(first.address);
    const clients = (address: string) => {
      const transport = createConnectTransport({ baseUrl: `http://${address}`, httpVersion: "1.1" });
      return { ingest: createClient(IngestService, transport), admin: createClient(AdminService, transport) };
    };
    const { ingest, admin } = clients(first.address);
    const producerId = makeUuidV7(Date.now(), randomBytes(10));
    await ingest.write({ producerId, records: [{ message: "first" }] });
    await ingest.write({ producerId, records: [{ message: "second under the same identity" }] });
    const { letters } = await eventually(
      () => admin.listDeadLetters({}),
      (page) => page.letters.length === 1,
    );
    expect(letters[0]).toMatchObject({
      letter: { store: "sqlite", reason: "conflict" },
      record: { message: "second under the same identity" },
    });
    expect(await admin.replayDeadLetters({})).toMatchObject({
      tried: 1n,
      refused: 1n,
      refusals: [{ reason: "conflict" }],
    });
    first.kill("SIGKILL");
    await first.ended;

    const again = await program({ LOGPULSE_DATA: folder });
    await isReady(again.address);
    expect((await clients(again.address).admin.listDeadLetters({})).letters).toMatchObject(letters);
    again.kill("SIGTERM");
    expect(await again.ended).toBe(0);
  });
});

/** The threads of a process. Niceness is field 19 of proc(5)'s stat, counted behind the name, which may have blanks. */
function threadsOf(pid: number): { id: number; name: string; niceness: number }[] {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).map((id) => {
    const [, name, fields] = /^\d+ \((.*)\) (.*)/s.exec(readFileSync(`${folder}/${id}/stat`, "utf8"))!;
    return { id: Number(id), name: name!, niceness: Number(fields!.split(" ")[16]) };
  });
}
