import type { PlantedBug } from "../planted-bug.ts";
import { anotherTenant, methodNotLowered, nanosecondsCut, textTrimmed } from "./content.ts";
import { droppedNotCounted, dropRuleIgnored, rangesNotSaved } from "./counting.ts";
import { bulkErrorsIgnored, indexOfTheWorkersDay, randomId } from "./elasticsearch.ts";
import { ackedBeforeProduced, partitionsInTurn } from "./ingest.ts";
import { committedBeforeLetterKept, replayCountedTwice, tableNotFilled, unreadablePassedOver } from "./letters.ts";
import { deadlockSwallowed, lockTimeoutSwallowed } from "./lock-conflicts.ts";
import { committedBeforeStored, neverCommitted, startsAtLatest } from "./positions.ts";
import { rangesReadBeforeLock, rollupsReadBeforeLock } from "./races.ts";
import { placeholderStored, seqsShiftedByIngest, seqsShiftedByWorker } from "./rejects.ts";

/** Every planted bug, in the order of the table that the tests print. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  committedBeforeStored,
  bulkErrorsIgnored,
  ackedBeforeProduced,
  randomId,
  indexOfTheWorkersDay,
  deadlockSwallowed,
  lockTimeoutSwallowed,
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
  methodNotLowered,
];
