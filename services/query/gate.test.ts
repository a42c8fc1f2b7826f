import { expect, it } from "vitest";
import { LISTS_AT_ONCE_MAX } from "../domain/limits.ts";
import type { AccessPage } from "../ports/access-log.ts";
import type { RecordQuery } from "../ports/record-query.ts";
import { Gate, GatedAccessLog } from "./gate.ts";

const patient = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Answers when the test says so. */
class SlowStore {
  readonly answers: ((failure?: Error) => void)[] = [];
  readonly ask = () =>
    new Promise<void>((resolve, reject) => {
      this.answers.push((failure) => (failure ? reject(failure) : resolve()));
    });
}

it("lets so many in at a time; the others follow in their order, also after a failure", async () => {
  const store = new SlowStore();
  const gate = new Gate("calls", 2, 10);
  const done: number[] = [];
  const calls = [0, 1, 2, 3].map((number) => gate.run(store.ask, patient).finally(() => done.push(number)));
  const settled = Promise.allSettled(calls);
  await turn();
  expect(store.answers).toHaveLength(2);
  store.answers[1]!(new Error("failed"));
  await turn();
  expect(store.answers).toHaveLength(3);
  for (const answer of store.answers) answer();
  await turn();
  store.answers[3]!();
  expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  expect(done.slice(0, 1)).toEqual([1]);
});

it("refuses what is too much, and lets go who hangs up", async () => {
  const store = new SlowStore();
  const gate = new Gate("calls", 1, 1);
  const first = gate.run(store.ask, patient);
  const hangsUp = new AbortController();
  const second = gate.run(store.ask, hangsUp.signal);
  await expect(gate.run(store.ask, patient)).rejects.toMatchObject({
    kind: "overloaded",
    retryAfterMs: 1000,
  });
  expect(gate.waitingCalls).toBe(1);
  hangsUp.abort(new Error("gone"));
  await expect(second).rejects.toThrow("gone");
  expect(gate.waitingCalls).toBe(0);
  const third = gate.run(store.ask, patient);
  await turn();
  store.answers[0]!();
  await first;
  await turn();
  store.answers[1]!();
  await third;
});

it("refuses who waits too long for a turn", async () => {
  const store = new SlowStore();
  const gate = new Gate("calls", 1, 10, 20);
  const first = gate.run(store.ask, patient);
  await expect(gate.run(store.ask, patient)).rejects.toMatchObject({ kind: "overloaded", retryAfterMs: 1000 });
  const third = gate.run(store.ask, patient);
  store.answers[0]!();
  await first;
  await turn();
  store.answers[1]!();
  await third;
  expect(store.answers).toHaveLength(2);
});

it("leaves connections to others than lists", async () => {
  const store = new SlowStore();
  const list = async (): Promise<AccessPage> => {
    await store.ask();
    return { rows: [], total: 0 };
  };
  const gated = new GatedAccessLog({ list });
  const lists = Array.from({ length: LISTS_AT_ONCE_MAX + 2 }, () => gated.list({} as RecordQuery, 1, 0, patient));
  await turn();
  expect(store.answers).toHaveLength(LISTS_AT_ONCE_MAX);
  for (const answer of store.answers) answer(); // Also those that come while it goes on.
  await turn();
  for (const answer of store.answers) answer();
  await Promise.all(lists);
  expect(store.answers).toHaveLength(lists.length);
});
