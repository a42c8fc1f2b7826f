import { expect, it } from "vitest";
import type { LogQuery, LogSearch } from "../ports/log-search.ts";
import { SearchGate } from "./search-gate.ts";

const QUERY = {} as LogQuery;
const patient = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Answers when the test says so. */
class SlowSearch implements LogSearch {
  readonly answers: ((failure?: Error) => void)[] = [];
  search(): Promise<[]> {
    return new Promise((resolve, reject) => {
      this.answers.push((failure) => (failure ? reject(failure) : resolve([])));
    });
  }
  async check(): Promise<void> {}
}

it("lets so many in at a time; the others follow in their order, also after a failure", async () => {
  const store = new SlowSearch();
  const gate = new SearchGate(store, 2, 10);
  const done: number[] = [];
  const searches = [0, 1, 2, 3].map((number) =>
    gate.search(QUERY, 1, undefined, patient).finally(() => done.push(number)),
  );
  const settled = Promise.allSettled(searches);
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
  const store = new SlowSearch();
  const gate = new SearchGate(store, 1, 1);
  const first = gate.search(QUERY, 1, undefined, patient);
  const hangsUp = new AbortController();
  const second = gate.search(QUERY, 1, undefined, hangsUp.signal);
  await expect(gate.search(QUERY, 1, undefined, patient)).rejects.toMatchObject({
    kind: "overloaded",
    retryAfterMs: 1000,
  });
  hangsUp.abort(new Error("gone"));
  await expect(second).rejects.toThrow("gone");
  const third = gate.search(QUERY, 1, undefined, patient);
  await turn();
  store.answers[0]!();
  await first;
  await turn();
  store.answers[1]!();
  await third;
});
