import { expect, it } from "vitest";
import { turn } from "./stream.fixture.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Somebody in the line, who goes when the test says so. */
function join(line: WaitingLine, name: string, had: string[]) {
  const leaves = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const stood = line.stand(leaves.signal, () => {
    had.push(name);
    return promise;
  });
  stood.catch(() => {});
  return { stood, leave: () => leaves.abort(new Error(`${name} left`)), done: () => resolve(name), fail: reject };
}

it("gives one turn at a time, in the order in which they came, also where a turn fails", async () => {
  const line = new WaitingLine();
  const had: string[] = [];
  const [a, b, c] = ["a", "b", "c"].map((name) => join(line, name, had)) as [Joined, Joined, Joined];
  await turn();
  expect(had).toEqual(["a"]);
  a.fail(new Error("a failed"));
  await expect(a.stood).rejects.toThrow("a failed");
  await turn();
  expect(had).toEqual(["a", "b"]);
  b.done();
  c.done();
  expect([await b.stood, await c.stood]).toEqual(["b", "c"]);
  expect(line.isEmpty).toBe(true);
});

it("lets anybody leave at once, and the others move up", async () => {
  const line = new WaitingLine();
  const had: string[] = [];
  const [a, b, c] = ["a", "b", "c"].map((name) => join(line, name, had)) as [Joined, Joined, Joined];
  b.leave();
  await expect(b.stood).rejects.toThrow("b left");
  await turn();
  expect(had).toEqual(["a"]);
  a.done();
  await turn();
  expect(had).toEqual(["a", "c"]);
  c.done();
  await c.stood;
  const late = join(line, "late", had);
  late.done();
  const gone = new AbortController();
  gone.abort(new Error("gone before"));
  await expect(line.stand(gone.signal, async () => had.push("never"))).rejects.toThrow("gone before");
  await late.stood;
  expect(had).toEqual(["a", "c", "late"]);
  expect(line.isEmpty).toBe(true);
});

type Joined = ReturnType<typeof join>;
