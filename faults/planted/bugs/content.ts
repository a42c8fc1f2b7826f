import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { LogRecordSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import type { LoggedBatch, LoggedRecord } from "../../../services/domain/logged-batch.ts";
import type { LogSink } from "../../../services/ports/log-sink.ts";
import type { StoreName } from "../../checker/stored-copy.ts";
import { withStore } from "../crash.ts";
import { type ChangedModule, changed } from "../fresh-parts.ts";
import { IngestDoor, type SentRecord, validCount } from "../ingest-door.ts";
import type { PlantedBug } from "../planted-bug.ts";
import type { PlantedRun } from "../planted-run.ts";
import { type Fronts, startWorker } from "../worker-process.ts";

type Decoding = typeof import("../../../services/domain/logged-batch.ts");
type Documents = typeof import("../../../services/adapters/elasticsearch/document.ts");
type Sealing = typeof import("../../../services/ingest/seal-batch.ts");

const NANOS_PER_MS = 1_000_000;

/** 12: what stands in the place of a rejected record is taken for one. */
export const placeholderStored: PlantedBug = {
  planted: "the placeholder of a rejected record is stored as a record",
  needs: { stores: ["elasticsearch"] },
  modules: () => [
    decodingChanged(({ decodeRecord }) => (batch) => {
      const rejected = batch.rejects.map(({ index }) =>
        decodeRecord(new Uint8Array(0), batch.firstSeq + index, batch.receivedNanos),
      );
      return [...batch.records, ...rejected];
    }),
  ],
  async scene(run) {
    const sent = (await sentAndStored(run, "elasticsearch")).flat();
    const rejected = sent.length - validCount(sent);
    return [
      `${rejected} records in elasticsearch that differ from what was sent`,
      `${rejected} rejected records stored in elasticsearch`,
    ];
  },
};

/** 12, again: the worker counts seqs over the records that are left. */
export const seqsShiftedByWorker: PlantedBug = {
  planted: "a reject shifts the seqs of those behind it, in the worker",
  needs: { stores: ["elasticsearch"] },
  modules: () => [
    decodingChanged(
      () => (batch) => batch.records.map((logged, index) => ({ ...logged, seq: batch.firstSeq + index })),
    ),
  ],
  async scene(run) {
    const { moved, beyond, onRejected } = shifted(await sentAndStored(run, "elasticsearch"));
    return [
      `${beyond} acknowledged records lost in elasticsearch`,
      `${beyond} records of the topic that elasticsearch does not hold`,
      `${moved} records in elasticsearch that differ from what was sent`,
      `${onRejected} rejected records stored in elasticsearch`,
    ];
  },
};

/** 12, once more: ingest leaves the rejected record out and puts nothing in its place. */
export const seqsShiftedByIngest: PlantedBug = {
  planted: "a reject shifts the seqs of those behind it, in the log",
  needs: { stores: ["elasticsearch"] },
  modules: () => [
    changed<Sealing>("ingest/seal-batch.ts", ({ sealBatch }) => ({
      sealBatch({ bytes, rejects, ...batch }, server) {
        const edges = [0, ...rejects.flatMap(({ start, end }) => [start, end]), bytes.length];
        const pieces = Array.from({ length: edges.length / 2 }, (_, piece) =>
          bytes.subarray(edges[2 * piece], edges[2 * piece + 1]),
        );
        return sealBatch({ ...batch, bytes: Buffer.concat(pieces), rejects: [] }, server);
      },
    })),
  ],
  async scene(run) {
    const { moved, beyond, onRejected } = shifted(await sentAndStored(run, "elasticsearch"));
    return [
      `${moved} records in the topic that differ from what was sent`,
      `${onRejected} records rejected or accepted against the contract`,
      `${beyond} acknowledged records lost in elasticsearch`,
      `${moved} records in elasticsearch that differ from what was sent`,
      `${onRejected} rejected records stored in elasticsearch`,
    ];
  },
};

/** 13: one blank less. */
export const textTrimmed: PlantedBug = {
  planted: "messages are trimmed on their way into MySQL",
  needs: { stores: ["mysql"] },
  modules: () => [
    decodingChanged(
      ({ decodeRecord }) =>
        (batch) =>
          batch.records.map(({ seq, bytes }) => {
            const record = fromBinary(LogRecordSchema, bytes);
            record.message = record.message.trim();
            return decodeRecord(toBinary(LogRecordSchema, record), seq, batch.receivedNanos);
          }),
    ),
  ],
  async scene(run) {
    const sent = (await sentAndStored(run, "mysql")).flat();
    const trimmed = sent.filter(({ invalid, record: { message } }) => !invalid && message !== message.trim());
    return [`${trimmed.length} records in mysql that differ from what was sent`];
  },
};

/** 13, again: a date of JavaScript on the way. */
export const nanosecondsCut: PlantedBug = {
  planted: "Elasticsearch gets times in whole milliseconds",
  needs: { stores: ["elasticsearch"] },
  modules: () => [
    changed<Documents>("adapters/elasticsearch/document.ts", ({ toDocument }) => ({
      toDocument(facts, logged) {
        const document = toDocument(facts, logged);
        return { ...document, time: document.time.replace(/\d{6}Z$/, "000000Z") };
      },
    })),
  ],
  async scene(run) {
    const sent = (await sentAndStored(run, "elasticsearch")).flat();
    const cut = sent.filter(({ invalid, record: { time } }) => !invalid && time && time.nanos % NANOS_PER_MS !== 0);
    return [`${cut.length} records in elasticsearch that differ from what was sent`];
  },
};

/** 18: records appear where nobody sent them, and are missing where somebody did. */
export const anotherTenant: PlantedBug = {
  planted: "records are stored for another tenant",
  needs: { stores: ["elasticsearch"] },
  async scene(run) {
    const forAnother = (sink: LogSink) =>
      withStore(sink, (batches, ...rest) =>
        sink.store(
          batches.map((batch) => ({ ...batch, tenant: "another" })),
          ...rest,
        ),
      );
    const sent = await sentAndStored(run, "elasticsearch", { sink: (sink) => run.orPlanted(sink, forAnother) });
    const count = validCount(sent.flat());
    return [
      `${count} acknowledged records lost in elasticsearch`,
      `${count} records of the topic that elasticsearch does not hold`,
      `${count} records in elasticsearch that were never sent`,
    ];
  },
};

/** `change`: the records of a batch as the worker gets them, out of what it should get. */
function decodingChanged(change: (original: Decoding) => (batch: LoggedBatch) => LoggedRecord[]): ChangedModule {
  return changed<Decoding>("domain/logged-batch.ts", (original) => ({
    decodeLoggedBatch(...message) {
      const batch = original.decodeLoggedBatch(...message);
      return { ...batch, records: change(original)(batch) };
    },
  }));
}

/** Several batches, a few of their records invalid. */
async function sentAndStored(run: PlantedRun, store: StoreName, fronts: Fronts = {}): Promise<SentRecord[][]> {
  const door = await IngestDoor.open(run);
  const [one, other] = [door.sender(), door.sender()];
  const sent: SentRecord[][] = [];
  for (let batch = 0; batch < 3; batch++) sent.push(await door.send(one, 300), await door.send(other, 100));
  await startWorker(run, store, fronts);
  await run.drained();
  return sent;
}

/** Where the valid records of each batch stand if they close ranks over the rejected ones. */
function shifted(batches: readonly (readonly SentRecord[])[]): { moved: number; beyond: number; onRejected: number } {
  const counts = { moved: 0, beyond: 0, onRejected: 0 };
  for (const batch of batches) {
    const valid = batch.filter(({ invalid }) => !invalid);
    valid.forEach((record, place) => {
      if (record !== batch[place]) counts.moved++;
      if (batch[place]!.invalid) counts.onRejected++;
    });
    counts.beyond += validCount(batch.slice(valid.length)); // Nothing stands there any more.
  }
  return counts;
}
