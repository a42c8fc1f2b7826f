import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { StreamResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { ANSWER_BYTES_MAX, REJECT_TEXT_CHARACTERS_MAX, STREAM_ANSWER_REJECTS_MAX } from "../domain/limits.ts";
import { type KeptBatch, StreamOutcomes } from "./stream-outcomes.ts";

const producerId = new Uint8Array(16).fill(7);

function kept(batch: number, firstSeq: number, recordCount: number, rejectCount = 0): KeptBatch {
  const reason = "r".repeat(REJECT_TEXT_CHARACTERS_MAX);
  const reject = { field: "http.user_agent", kind: "too_long" as const, reason, start: 0, end: 0 };
  const rejects = Array.from({ length: rejectCount }, (_, index) => ({ index, ...reject }));
  return { batch, producerId, firstSeq, recordCount, rejects };
}

/** All answers, as they go over the wire. */
function answersOf(outcomes: StreamOutcomes) {
  const answers = [];
  while (!outcomes.areTold) answers.push(create(StreamResponseSchema, outcomes.takeAnswer().answer));
  return answers;
}

describe("StreamOutcomes", () => {
  it("join what touches within an answer, and count batches without a gap", () => {
    const outcomes = new StreamOutcomes();
    for (const batch of [0, 1, 3]) outcomes.add(kept(batch, batch * 10, 10));
    const [first] = answersOf(outcomes);
    expect(first).toMatchObject({
      settledBatches: 2n,
      acked: [
        { producerId, firstSeq: 0n, lastSeq: 19n },
        { firstSeq: 30n, lastSeq: 39n },
      ],
    });
    outcomes.add(kept(2, 20, 10));
    expect(answersOf(outcomes)).toMatchObject([{ settledBatches: 4n, acked: [{ firstSeq: 20n, lastSeq: 29n }] }]);
  });

  it("say with a refusal everything that the client needs for the next try", () => {
    const outcomes = new StreamOutcomes();
    const reason = new LogPulseError("overloaded", "the queue \ud800 is full", { retryAfterMs: 1_500 });
    outcomes.add({ batch: 0, producerId, firstSeq: 5, reason });
    expect(answersOf(outcomes)[0]).toMatchObject({
      settledBatches: 1n,
      acked: [],
      refused: [
        {
          batch: 0n,
          producerId,
          firstSeq: 5n,
          mayRetry: true,
          reason: "OVERLOADED",
          message: "the queue \ufffd is full",
          retryAfter: { seconds: 1n, nanos: 500_000_000 },
        },
      ],
    });
  });

  it("acknowledge an empty batch by its count alone", () => {
    const outcomes = new StreamOutcomes();
    outcomes.add(kept(0, 0, 0));
    expect(answersOf(outcomes)).toMatchObject([{ settledBatches: 1n, acked: [] }]);
  });

  it("spread 10,000 long rejects over answers that every client takes; the last one acknowledges", () => {
    const outcomes = new StreamOutcomes();
    outcomes.add(kept(0, 0, 1, 1));
    outcomes.add(kept(1, 1, 10_000, 10_000));
    outcomes.add(kept(2, 10_001, 1));
    const answers = answersOf(outcomes);
    expect(answers).toHaveLength(10_000 / STREAM_ANSWER_REJECTS_MAX + 1);
    expect(answers.map(({ settledBatches }) => settledBatches)).toEqual([...Array(10).fill(1n), 3n]);
    expect(answers.flatMap(({ acked }) => acked)).toMatchObject([
      { firstSeq: 0n, lastSeq: 0n },
      { firstSeq: 1n, lastSeq: 10_001n },
    ]);
    for (const answer of answers) {
      expect(toBinary(StreamResponseSchema, answer).length).toBeLessThan(ANSWER_BYTES_MAX);
    }
    const told = answers.flatMap(({ rejects }) => rejects.map(({ batch, reject }) => `${batch}-${reject!.index}`));
    expect(told).toEqual(["0-0", ...Array.from({ length: 10_000 }, (_, index) => `1-${index}`)]);
  });
});
