import {
  TAIL_ANSWER_BYTES_MAX,
  TAIL_ANSWER_BYTES_MIN,
  TAIL_ANSWERS_BYTES_MAX,
  TAIL_HISTORIES_AT_ONCE_MAX,
  TAIL_HISTORIES_BYTES_MAX,
  TAIL_PRODUCERS_REMEMBERED_MAX,
  TAIL_QUEUE_BYTES_MAX,
  TAIL_QUEUES_BYTES_MAX,
  TAIL_RECENT_BYTES_MAX,
  TAIL_RUNS_PER_PRODUCER_MAX,
  TAILS_MAX,
  TAILS_PER_CLIENT_MAX,
} from "../../domain/limits.ts";

/** What tails may hold: the limits of the same names. Tests have smaller ones. */
export const TAIL_BOUNDS = {
  tailsMax: TAILS_MAX,
  tailsPerClientMax: TAILS_PER_CLIENT_MAX,
  recentBytesMax: TAIL_RECENT_BYTES_MAX,
  queueBytesMax: TAIL_QUEUE_BYTES_MAX,
  queuesBytesMax: TAIL_QUEUES_BYTES_MAX,
  answerBytesMax: TAIL_ANSWER_BYTES_MAX,
  answerBytesMin: TAIL_ANSWER_BYTES_MIN,
  answersBytesMax: TAIL_ANSWERS_BYTES_MAX,
  historiesAtOnceMax: TAIL_HISTORIES_AT_ONCE_MAX,
  historiesBytesMax: TAIL_HISTORIES_BYTES_MAX,
  producersRememberedMax: TAIL_PRODUCERS_REMEMBERED_MAX,
  runsPerProducerMax: TAIL_RUNS_PER_PRODUCER_MAX,
};

export type TailBounds = typeof TAIL_BOUNDS;
