import type { PlantedBug } from "../planted-bug.ts";
import {
  anotherTenant,
  nanosecondsCut,
  placeholderStored,
  seqsShiftedByIngest,
  seqsShiftedByWorker,
  textTrimmed,
} from "./content.ts";
import { bulkErrorsIgnored, indexOfTheWorkersDay, randomId } from "./elasticsearch.ts";
import { ackedBeforeProduced, partitionsInTurn } from "./ingest.ts";
import { committedBeforeLetterKept, replayCountedTwice, tableNotFilled, unreadablePassedOver } from "./letters.ts";
import {
  deadlockSwallowed,
  droppedNotCounted,
  dropRuleIgnored,
  rangesNotSaved,
  rangesReadBeforeLock,
  rollupsReadBeforeLock,
} from "./mysql.ts";
import { committedBeforeStored, neverCommitted, startsAtLatest } from "./positions.ts";

export const PLANTED_BUGS: readonly PlantedBug[] = [
  committedBeforeStored,
  bulkErrorsIgnored,
  ackedBeforeProduced,
  randomId,
  indexOfTheWorkersDay,
  deadlockSwallowed,
  rangesReadBeforeLock,
  rollupsReadBeforeLock,
  committedBeforeLetterKept,
  startsAtLatest,
  rangesNotSaved,
  placeholderStored,
  seqsShiftedByWorker,
  seqsShiftedByIngest,
  textTrimmed,
  nanosecondsCut,
  replayCountedTwice,
  neverCommitted,
  unreadablePassedOver,
  tableNotFilled,
  anotherTenant,
  dropRuleIgnored,
  droppedNotCounted,
  partitionsInTurn,
];
