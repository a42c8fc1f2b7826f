import { describe, expect, it } from "vitest";
import { HandMadeRun } from "./hand-made-run.fixture.ts";

const { records: RECORDS, batchSize: BATCH } = HandMadeRun;
const OTHER = "019a0000000070008000000000000002";

/** What is planted, how, and what the checker must say. */
const PLANTED: [name: string, plant: (run: HandMadeRun) => void, problem: RegExp][] = [
  ["a loss in MySQL", (run) => run.lose(run.mysql, 7), /1 acknowledged records lost in mysql/],
  ["a loss in Elasticsearch", (run) => run.lose(run.elasticsearch, 7), /1 acknowledged records lost in elasticsearch/],
  [
    "a loss and a duplicate, which cancel in the counts",
    (run) => {
      run.lose(run.mysql, 7);
      run.mysql.push(run.copyOf(8));
    },
    /1 acknowledged records lost in mysql; .*1 duplicates in mysql/,
  ],
  ["a batch that is nowhere", loseBatch, /\d+ acknowledged records lost in elasticsearch/],
  ["a duplicate", (run) => run.elasticsearch.push(run.elasticsearch[3]!), /1 duplicates in elasticsearch/],
  [
    "a seq that was never sent",
    (run) => run.mysql.push({ ...run.copyOf(3), seq: 5_000 }),
    /1 records in mysql that were never/,
  ],
  [
    "a foreign producer",
    (run) => run.mysql.push({ ...run.copyOf(3), producer: OTHER }),
    /1 records in mysql that were never/,
  ],
  [
    "another tenant's",
    (run) => run.mysql.push({ ...run.copyOf(3), tenant: "b" }),
    /1 records in mysql that were never/,
  ],
  ["another message", (run) => change(run.mysql, { message: "x" }), /1 records in mysql that differ/],
  [
    "other attributes",
    (run) => change(run.elasticsearch, { attributes: { x: -0 } }),
    /1 records in elasticsearch that differ/,
  ],
  ["a wrong time to sort by", (run) => run.mysql[3]!.timeNanos++, /1 records in mysql that differ/],
  ["a wrong severity to search by", (run) => run.mysql[3]!.severity++, /1 records in mysql that differ/],
  ["a flaw of the copy", (run) => (run.elasticsearch[3]!.flaw = "by hand"), /1 records in elasticsearch that differ/],
  ["a rejected record that is stored", storeInvalid, /1 rejected records stored in mysql/],
  ["a dropped record that is stored", storeDropped, /1 dropped records stored in elasticsearch/],
  ["a valid record as dead letter", deadLetter, /1 valid records that mysql made dead letters/],
  [
    "a dead letter of nobody",
    (run) => run.letters.push({ ...run.letterOf("mysql", 3), id: `${OTHER}-1` }),
    /1 dead letters of what/,
  ],
  ["a dead letter of another record", otherOriginal, /1 dead letters whose original differs/],
  ["a letter that the table lacks", letterNotListed, /1 differences between the topic and the table/],
  [
    "a row without a letter",
    (run) => run.letterRows.more.push(run.letterOf("mysql", 3)),
    /1 differences between the topic and the table/,
  ],
  [
    "poison that nobody told",
    (run) => run.strangers.push(Buffer.from("poison")),
    /1 unreadable messages without a dead letter of mysql/,
  ],
  [
    "another record in the topic",
    (run) => (run.batches[0]!.batch.records[3]!.message = "x"),
    /1 records in the topic that differ/,
  ],
  [
    "records of nobody in the topic",
    (run) => (run.batches[0]!.batch.firstSeq = 10_000n),
    /\d+ records in the topic that were never sent/,
  ],
  [
    "a producer in two partitions",
    (run) => (run.batches[2]!.partition = 1),
    /2 times that a producer changed its partition/,
  ],
  ["a valid record rejected", rejectValid, /1 records rejected or accepted against the contract/],
  ["an invalid record accepted", acceptInvalid, /1 records rejected or accepted against the contract/],
  ["a wrong count", (run) => run.rollups.minutes.values().next().value!.requests++, /1 statistics that differ/],
  [
    "a wrong status",
    (run) => run.rollups.series.values().next().value!.statuses.set(999, 1),
    /1 statistics that differ/,
  ],
  ["a wrong latency", (run) => run.rollups.series.values().next().value!.latencySumNanos++, /1 statistics that differ/],
  ["a series that is not there", (run) => deleteFirst(run.rollups.series), /1 statistics that differ/],
  ["a wrong sum of an hour", (run) => run.rollups.hours.values().next().value!.requests++, /1 statistics that differ/],
  ["a minute too many", (run) => twice(run.rollups.minutes), /1 statistics that differ/],
  ["clients that are not counted", (run) => run.rollups.clients.clear(), /\d+ statistics that differ/],
  [
    "a conflict without a letter",
    (run) => run.addRival(run.mysql[3]!.seq, 0),
    /1 conflicting records without a dead letter of mysql/,
  ],
  ["a conflict with two letters", (run) => run.addRival(run.mysql[3]!.seq, 2), /1 dead letters of mysql too many/],
  [
    "a conflict with what is not stored",
    (run) => run.addRival(run.seqWithout("dropped"), 1),
    /1 dead letters of mysql too many/,
  ],
  ["work that is not done", (run) => (run.lags.mysql = 2), /2 messages that mysql's group has not passed/],
  ["no acknowledgement at all", (run) => run.ledger.splice(2), /without any acknowledgement/],
];

describe("the checker, with exports made by hand", () => {
  it("finds nothing wrong where nothing is", async () => {
    const result = await new HandMadeRun().check();
    expect(result.problems).toEqual([]);
    expect(result).toMatchObject({ ok: true, sent: RECORDS, maybe: 0, sends: { all: 6, acked: 6 } });
    expect(result.rejected).toBeGreaterThan(0);
    expect(result.acked + result.rejected).toBe(RECORDS);
    expect(result.rollups!.rows).toBeGreaterThan(50);
    expect(result.stores.mysql!.stored).toBeLessThan(result.acked); // Some are dropped by rule.
  });

  it.each(PLANTED)("reports %s", async (_name, plant, problem) => {
    const run = new HandMadeRun();
    plant(run);
    const result = await run.check();
    expect(result.problems.join("; ")).toMatch(problem);
    expect(result.ok).toBe(false);
  });

  it("takes a record for kept that conflicts and is a dead letter, and one that could not be compared", async () => {
    const run = new HandMadeRun();
    run.addRival(run.mysql[3]!.seq, 1);
    run.addRival(run.seqWithout("dropped"), 0);
    const { problems, stores } = await run.check();
    expect(problems).toEqual([]);
    expect(stores.mysql!.conflicts).toBe(1);
  });

  it("says which step has lost a record", async () => {
    const run = new HandMadeRun();
    run.lose(run.mysql, 7);
    const { stores, samples } = await run.check();
    expect(stores.mysql).toMatchObject({ lost: 1, lostBeforeTheLog: 0, skipped: 1 });
    expect(samples.join()).toContain(`the topic has it, mysql has not`);

    const other = new HandMadeRun();
    loseBatch(other);
    const result = await other.check();
    expect(result.stores.mysql!.lostBeforeTheLog).toBe(result.stores.mysql!.lost);
    expect(result.samples.join()).toContain("not even in the topic");
  });

  it("lets a record without an answer be stored, or not, but not in one store only", async () => {
    const run = new HandMadeRun();
    const answer = run.ledger.pop()!;
    expect(answer).toMatchObject({ is: "answer", send: 5 });
    expect(await run.check()).toMatchObject({ ok: true, maybe: BATCH, maybeInTheLog: BATCH - rejectedIn(answer) });

    loseBatch(run);
    const nowhere = await run.check();
    expect(nowhere.problems.filter((problem) => !problem.includes("statistics"))).toEqual([]);
    expect(nowhere).toMatchObject({ maybe: BATCH, maybeInTheLog: 0 });

    const half = new HandMadeRun();
    half.ledger.pop();
    half.lose(half.mysql, half.mysql.at(-1)!.seq);
    expect((await half.check()).problems.join()).toMatch(/1 records of the topic that mysql does not hold.*|only one/);
  });

  it("takes a dead letter for kept where the run allows it", async () => {
    const run = new HandMadeRun();
    run.mayDeadLetter = true;
    const seq = run.seqOf(({ content }) => content.http === undefined);
    run.lose(run.mysql, seq);
    run.lose(run.elasticsearch, seq);
    run.letters.push(run.letterOf("mysql", seq), run.letterOf("elasticsearch", seq));
    const result = await run.check();
    expect(result.problems).toEqual([]);
    expect(result.deadLetters).toEqual({ "mysql by_hand": 1, "elasticsearch by_hand": 1 });
  });

  it("has one fingerprint for the same copies in any order, and another for other copies", async () => {
    const fingerprint = async (spoil: (run: HandMadeRun) => void) => {
      const run = new HandMadeRun();
      spoil(run);
      return (await run.check()).stores.mysql!.fingerprint;
    };
    const whole = await fingerprint(() => {});
    expect(await fingerprint((run) => run.mysql.reverse())).toBe(whole);
    expect(await fingerprint((run) => run.mysql.pop())).not.toBe(whole);
    expect(await fingerprint((run) => run.mysql[0]!.receivedNanos++)).not.toBe(whole);
  });
});

function loseBatch(run: HandMadeRun): void {
  run.batches.pop();
  for (const store of [run.mysql, run.elasticsearch])
    store.splice(store.findIndex(({ seq }) => seq >= RECORDS - BATCH));
}

function change(copies: HandMadeRun["mysql"], content: object): void {
  copies[3] = { ...copies[3]!, content: { ...copies[3]!.content, ...content } };
}

function storeInvalid(run: HandMadeRun): void {
  run.mysql.push(run.copyOf(run.seqWithout("invalid")));
}

function storeDropped(run: HandMadeRun): void {
  run.elasticsearch.push(run.copyOf(run.seqWithout("dropped")));
}

function deadLetter(run: HandMadeRun): void {
  run.letters.push(run.letterOf("mysql", 3));
}

function letterNotListed(run: HandMadeRun): void {
  run.mayDeadLetter = true;
  run.letters.push(run.letterOf("mysql", 3));
  run.letterRows.withoutLast = 1;
}

function otherOriginal(run: HandMadeRun): void {
  run.letters.push({ ...run.letterOf("mysql", 3), original: run.letterOf("mysql", 4).original });
}

function rejectedIn(answer: HandMadeRun["ledger"][number]): number {
  return answer.is === "answer" ? (answer.rejected?.length ?? 0) : 0;
}

/** The first batch's answer names record 3 as rejected. */
function rejectValid(run: HandMadeRun): void {
  const answer = run.ledger[3]!;
  if (answer.is === "answer") answer.rejected = [...(answer.rejected ?? []), 3];
}

function acceptInvalid(run: HandMadeRun): void {
  const answer = run.ledger.find((entry) => rejectedIn(entry) > 0)!;
  if (answer.is === "answer") answer.rejected!.pop();
}

function deleteFirst<K, V>(map: Map<K, V>): void {
  map.delete(map.keys().next().value!);
}

function twice<V>(map: Map<string, V>): void {
  map.set("1", map.values().next().value!);
}
