import type { Condition } from "../../../domain/condition.ts";
import { conditionMatcher, type RecordMatcher } from "../../../domain/condition-matcher.ts";
import { LoggedRecord } from "../../../domain/logged-batch.ts";
import { MatchedRecord } from "../../../domain/matched-record.ts";
import type { ReadBound } from "./read-bound.ts";
import { condition, type SqlCondition } from "./sql-condition.ts";

/** The conditions of one read that only the encoded record tells: SQLite calls `meets_test` for each record. */
export class RecordTests {
  private readonly bound: ReadBound;
  private readonly matchers: RecordMatcher[] = [];

  constructor(bound: ReadBound) {
    this.bound = bound;
  }

  /** On the columns of a day's records. */
  add(asked: Condition): SqlCondition {
    this.matchers.push(conditionMatcher(asked));
    return condition("meets_test(?, record, producer, seq)", this.matchers.length - 1);
  }

  /** Whether the record meets the condition that was added so many others later. */
  meets(test: number, record: Uint8Array, producer: Uint8Array, seq: number): boolean {
    this.bound.lookAtBytes(record.length);
    // No condition asks for the time, so it does not matter when the record was received.
    return this.matchers[test]!(new MatchedRecord(hex(producer), new LoggedRecord(seq, record, 0n)));
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}
