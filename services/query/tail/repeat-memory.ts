import type { PassedPlaces } from "./passed-places.ts";
import type { TailBounds } from "./tail-bounds.ts";
import type { TailedMessage } from "./tailed-message.ts";

/** Seqs side by side that stand in one message, or in several of which each goes on where the one before ended. */
export interface SeqRun {
  first: number;
  last: number;
  /** Of the message, or of the first and the last of several. */
  fromOffset: number;
  untilOffset: number;
  /** The seq of the message's first record; of several messages, none. */
  firstSeq: number | undefined;
}

/**
 * Where in the log records stood: what a client sent again, because it did not hear that it was kept, stands there twice
 * and more. Such repeats are whole batches, parts of them, or batches cut in another way.
 *
 * It knows facts about the log, not what anybody was shown; so all tails share one, whoever read a message first. Whether
 * a record is a repeat is each tail's own question: it is one where the tail itself went over another copy of it on its
 * connection (`PassedPlaces`). A copy from before its start, or in a gap, is none: what a reader has not been shown, it is
 * shown now.
 *
 * The memory is bounded, and what it has forgotten is shown again rather than left out: the producers that were seen
 * last, and of each one the last runs. Beyond them the oldest runs become one where they follow each other; such a run
 * counts for tails that went over all of its messages.
 */
export class RepeatMemory {
  private readonly bounds: Pick<TailBounds, "producersRememberedMax" | "runsPerProducerMax">;
  private readonly producers = new Map<string, SeqRun[]>(); // The one seen last stands last.

  constructor(bounds: Pick<TailBounds, "producersRememberedMax" | "runsPerProducerMax">) {
    this.bounds = bounds;
  }

  /**
   * Remembers where the records of this message stand; doing so again changes nothing. Gives the runs before it in its
   * partition that may have a seq with it in common, hardly ever any: each once, and no more than are remembered of a
   * producer.
   */
  note(message: TailedMessage): readonly SeqRun[] {
    const { records, offset } = message;
    if (records.length === 0) return NONE;
    const runs = this.runsOfProducer(message);
    const [first, last] = [records[0]!.seq, records.at(-1)!.seq];
    const near = runs.filter((run) => run.first <= last && first <= run.last);
    // Of a message with more runs than are remembered, those at its beginning would be forgotten at once.
    for (const own of ownRuns(message).slice(-this.bounds.runsPerProducerMax)) {
      if (!near.some((run) => run.untilOffset >= offset && holds(run, own))) this.remember(runs, own);
    }
    const before = near.filter((run) => run.untilOffset < offset);
    return before.length > 0 ? before : NONE;
  }

  private runsOfProducer({ partition, batch }: TailedMessage): SeqRun[] {
    const key = `${partition}/${batch.producer}/${batch.tenant}`;
    const runs = this.producers.get(key) ?? [];
    this.producers.delete(key);
    this.producers.set(key, runs);
    if (this.producers.size > this.bounds.producersRememberedMax)
      this.producers.delete(this.producers.keys().next().value!);
    return runs;
  }

  private remember(runs: SeqRun[], own: SeqRun): void {
    runs.push(own);
    if (runs.length <= this.bounds.runsPerProducerMax) return;
    const at = runs.findIndex((run, index) => index + 1 < runs.length && isFollowed(run, runs[index + 1]!));
    if (at < 0) runs.shift();
    else runs.splice(at, 2, joined(runs[at]!, runs[at + 1]!));
  }
}

const NONE: readonly SeqRun[] = [];

/** `before`: of the message in which the record stands. `passed`: of the tail that is about to show it. */
export function isRepeat(seq: number, partition: number, before: readonly SeqRun[], passed: PassedPlaces): boolean {
  return before.some(({ first, last, fromOffset, untilOffset, firstSeq }) => {
    if (seq < first || seq > last) return false;
    if (firstSeq === undefined) return passed.hasMessages(partition, fromOffset, untilOffset);
    return passed.has(partition, { offset: fromOffset, index: seq - firstSeq });
  });
}

/** A record that ingest rejected was never shown: it parts the seqs beside it. */
function ownRuns({ offset, batch, records }: TailedMessage): SeqRun[] {
  const { firstSeq } = batch;
  const runs: SeqRun[] = [];
  for (const { seq } of records) {
    const run = runs.at(-1);
    if (run && run.last + 1 === seq) run.last = seq;
    else runs.push({ first: seq, last: seq, fromOffset: offset, untilOffset: offset, firstSeq });
  }
  return runs;
}

function holds(run: SeqRun, own: SeqRun): boolean {
  const hasPlace = run.fromOffset <= own.fromOffset && own.untilOffset <= run.untilOffset;
  return hasPlace && run.first <= own.first && own.last <= run.last;
}

function isFollowed(run: SeqRun, next: SeqRun): boolean {
  return run.last + 1 === next.first && run.untilOffset <= next.fromOffset;
}

function joined(run: SeqRun, next: SeqRun): SeqRun {
  const { first, fromOffset } = run;
  return { first, fromOffset, last: next.last, untilOffset: next.untilOffset, firstSeq: undefined };
}
