import { decodingChanged } from "../changed-decoding.ts";
import { changed } from "../fresh-parts.ts";
import { type SentRecord, validCount } from "../ingest-door.ts";
import type { PlantedBug } from "../planted-bug.ts";
import { sentAndStored } from "../sent-and-stored.ts";

type Sealing = typeof import("../../../services/ingest/seal-batch.ts");

/** 12: what stands in the place of a rejected record is taken for one. */
export const placeholderStored: PlantedBug = {
  planted: "the placeholder of a rejected record is stored as a record",
  needs: { stores: ["elasticsearch"] },
  modules: () => [
    decodingChanged(({ LoggedRecord }) => (batch) => {
      const rejected = batch.rejects.map(
        ({ index }) => new LoggedRecord(batch.firstSeq + index, new Uint8Array(0), batch.receivedNanos),
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
      ({ LoggedRecord }) =>
        (batch) =>
          batch.records.map(({ bytes }, index) => new LoggedRecord(batch.firstSeq + index, bytes, batch.receivedNanos)),
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
