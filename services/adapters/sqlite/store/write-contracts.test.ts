import { expect } from "vitest";
import type { DeadLetter } from "../../../../gen/logpulse/v1/dead_letter_pb.ts";
import { letterKeyText } from "../../../domain/dead-letter-key.ts";
import { DEAD_LETTER_BYTES_MAX, RECORD_BYTES_MAX } from "../../../domain/limits.ts";
import { deadLetterReplayContract } from "../../../ports/dead-letter-replay.contract.ts";
import type { LetterState, ListedLetter } from "../../../ports/dead-letter-table.ts";
import { logSinkContract } from "../../../ports/log-sink.contract.ts";
import { retentionContract } from "../../../ports/retention.contract.ts";
import { makeStoreToRead } from "../reads/reads.fixture.ts";
import { SqliteDeadLetterReplay } from "./dead-letter-replay.ts";
import { letterState } from "./dead-letter-rows.ts";
import { SqliteDeadLetterTable } from "./dead-letter-table.ts";
import { SqliteRetention } from "./retention.ts";
import { findInconsistencies } from "./store-consistency.ts";
import { realClock, storedRecords } from "./store-rows.fixture.ts";

async function makeHarness() {
  const { file, tables, sink, reads, close } = await makeStoreToRead({}, { prepared: false });
  return {
    file,
    tables,
    sink,
    stored: async (tenant: string) => storedRecords(file.database, tenant),
    retention: new SqliteRetention(tables),
    stats: reads,
    judgesConflicts: true,
    refusedRecord: { message: "x".repeat(RECORD_BYTES_MAX) },
    modelRuns: 300,
    close: async () => {
      expect(findInconsistencies(file.database)).toEqual([]); // After all that the contract has done.
      await close();
    },
  };
}

logSinkContract("sqlite", makeHarness);
retentionContract("sqlite", makeHarness);
deadLetterReplayContract("sqlite", async () => {
  const harness = await makeHarness();
  const { file, tables } = harness;
  const table = new SqliteDeadLetterTable(tables, realClock);
  const listed = async (letter: DeadLetter): Promise<ListedLetter> => {
    await table.fill([letter]);
    const query = { tenant: letter.tenant, key: letterKeyText(letter) };
    const [found] = await table.list(query, { limit: 1, originalBytesMax: DEAD_LETTER_BYTES_MAX });
    return found!;
  };
  const stateOf = async (key: string): Promise<LetterState> => letterState(file.database, key)!;
  return { ...harness, replay: new SqliteDeadLetterReplay(tables, realClock, []), listed, stateOf };
});
