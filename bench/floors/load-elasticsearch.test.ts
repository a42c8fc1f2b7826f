import { expect, it } from "vitest";
import { bulkBatch, bulkItem } from "../../services/adapters/elasticsearch/bulk.ts";
import { makeUuidV7, producerDay } from "../../services/domain/identity.ts";
import { LoggedRecord } from "../../services/domain/logged-batch.ts";
import { bulkLines } from "./load-elasticsearch.ts";
import { recordsToLoad } from "./records-to-load.ts";

it("the bare loader's documents and ids are those that our own adapter makes", () => {
  const nowMs = Date.now();
  const producer = Buffer.from(makeUuidV7(nowMs, new Uint8Array(10))).toString("hex");
  const records = recordsToLoad(10, nowMs);
  const loggedRecords = records.map(({ bytes }, seq) => new LoggedRecord(seq, bytes, 0n));
  const batch = { partition: 0, offset: 0n, tenant: "default", producer, producerDay: producerDay(producer) };
  const ours = bulkBatch("prefix", {
    ...batch,
    ...{ receivedNanos: 0n, firstSeq: 0, recordCount: records.length, records: loggedRecords, rejects: [] },
  });
  const wanted = loggedRecords.flatMap((logged) => documents(bulkItem(ours, logged).lines));
  expect(documents(bulkLines({ producer, firstSeq: 0, count: records.length }, records, nowMs))).toEqual(wanted);
});

/** Without when each was received and, in our own, the index: the loader names it in the URL. */
function documents(lines: string): unknown[] {
  return lines
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .map(({ create, received_time: _, ...document }) => (create ? { id: create._id } : document));
}
