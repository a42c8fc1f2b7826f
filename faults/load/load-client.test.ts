import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Answer } from "../ledger/ledger.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { LedgerEntry } from "../ledger/ledger-entries.ts";
import { readLedger } from "../ledger/read-ledger.ts";
import { isInvalid } from "../ledger/record-generator.ts";
import { SeededRandom } from "../ledger/seeded-random.ts";
import { type Behaviours, PLAIN } from "./batch-plan.ts";
import { LoadClient } from "./load-client.ts";
import { Pace } from "./pace.ts";

const PRODUCER = "019a0000000070008000000000000001";

/** A client with a door that answers at once, as it is told. */
function clientOf(behaviours: Behaviours, records: number, answers: () => Answer) {
  const folder = mkdtempSync(join(tmpdir(), "logpulse-load-client-"));
  const ledger = new Ledger(join(folder, "ledger.jsonl"), { name: "client", seed: 7, baseMs: 0 });
  onTestFinished(() => {
    ledger.close();
    rmSync(folder, { recursive: true });
  });
  const source = ledger.producer(PRODUCER, 9);
  const client = new LoadClient({
    sender: { by: "Test", send: async () => answers(), close: () => {} },
    ...{ ledger, pace: new Pace(1e9), random: new SeededRandom(7), behaviours },
    producers: [{ producer: PRODUCER, source, records }],
    ...{ onSend: () => {}, onAck: () => {} },
  });
  return { client, ledger, source };
}

async function entriesOf(ledger: Ledger): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for await (const entry of readLedger(ledger.file)) entries.push(entry);
  return entries;
}

async function sendsOf(ledger: Ledger) {
  const entries = await entriesOf(ledger);
  return entries.filter((entry) => entry.is === "sent");
}

describe("a client of the load", () => {
  it("sends other records under seqs that are acknowledged, none of them invalid, where it is told to", async () => {
    const { client, ledger, source } = clientOf({ ...PLAIN, conflicts: 1 }, 20_000, () => ({ outcome: "acked" }));
    await client.run();
    const sends = await sendsOf(ledger);
    const rivals = sends.filter(({ rival }) => rival !== undefined);
    expect(rivals.length).toBeGreaterThan(20);
    for (const { firstSeq, count, rival, send } of rivals) {
      expect(rival).not.toBe(source.seed);
      const first = sends.find((one) => one.rival === undefined && one.firstSeq === firstSeq)!;
      expect(first.send).toBeLessThan(send);
      for (let seq = firstSeq; seq < firstSeq + count; seq++) {
        expect(isInvalid(source, seq) || isInvalid({ ...source, seed: rival! }, seq)).toBe(false);
      }
    }
  });

  it("sends no rival of what was not acknowledged", async () => {
    const { client, ledger } = clientOf({ ...PLAIN, conflicts: 1 }, 1_000, () => {
      client.stop();
      return { outcome: "unknown" };
    });
    await client.run();
    expect((await sendsOf(ledger)).every(({ rival }) => rival === undefined)).toBe(true);
  });

  it("told to finish, begins nothing more and sends what it has begun until that is acknowledged", async () => {
    let answers = 0;
    const { client, ledger } = clientOf(PLAIN, 1_000_000, () => {
      answers++;
      if (answers === 20) client.finish();
      return { outcome: answers > 20 && answers % 2 === 0 ? "unknown" : "acked" };
    });
    await client.run();
    const entries = await entriesOf(ledger);
    const seqs = new Set(entries.flatMap((entry) => (entry.is === "sent" ? entry.firstSeq : [])));
    const acked = entries.filter((entry) => entry.is === "answer" && entry.outcome === "acked");
    expect(acked).toHaveLength(seqs.size);
    expect(seqs.size).toBeLessThan(30);
  });
});
