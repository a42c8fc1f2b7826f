import type { CountedProblem } from "../judge.ts";
import type { Samples } from "../samples.ts";
import { hexOf, type SqliteReader } from "./sqlite-reader.ts";
import type { StoreRow } from "./store-rows.ts";

/** Seqs of a producer whose rows are to have ids that follow one another too. */
interface Run {
  tenant: number;
  producer: string;
  firstSeq: number;
  count: number;
  firstId: number;
}

/** Whether each row is found by its identity: exactly one run must lead to it, and no run to anything else. */
export class RunCheck {
  private readonly reader: SqliteReader;
  private readonly samples: Samples;
  private day: number | undefined;
  private runs: Iterator<Run> = [].values();
  private run: Run | undefined;
  private placesPassed = 0;
  private rowsFound = 0;
  private rowsMissed = 0;

  constructor(reader: SqliteReader, samples: Samples) {
    this.reader = reader;
    this.samples = samples;
  }

  /** Called with all rows, by day and id. */
  take({ day, id, tenant, copy: { producer, seq } }: StoreRow): void {
    if (day !== this.day) this.beginDay(day);
    while (this.run && this.run.firstId + this.run.count <= id) this.nextRun();
    const { run } = this;
    const isThere =
      run &&
      run.firstId <= id &&
      run.tenant === tenant &&
      run.producer === producer &&
      run.firstSeq + (id - run.firstId) === seq;
    if (isThere) this.rowsFound++;
    else {
      this.rowsMissed++;
      this.samples.add("runs", `no run of day ${day} leads to the row ${id} of ${producer}-${seq}`);
    }
  }

  /** After the last row. */
  problems(): CountedProblem[] {
    while (this.run) this.nextRun();
    return [
      [this.rowsMissed, "rows of sqlite that are not found by their identity"],
      [this.placesPassed - this.rowsFound, "places in runs of sqlite that have no row"],
    ];
  }

  private beginDay(day: number): void {
    while (this.run) this.nextRun();
    this.day = day;
    this.runs = this.runsOf(day);
    this.nextRun();
  }

  private nextRun(): void {
    this.run = this.runs.next().value;
    this.placesPassed += this.run?.count ?? 0;
  }

  private *runsOf(day: number): Generator<Run> {
    const columns = "tenant, producer, first_seq, count, first_id";
    for (const row of this.reader.rows(`SELECT ${columns} FROM runs_${day} ORDER BY first_id`)) {
      yield {
        ...{ tenant: Number(row.tenant), producer: hexOf(row.producer), firstSeq: Number(row.first_seq) },
        ...{ count: Number(row.count), firstId: Number(row.first_id) },
      };
    }
  }
}
