import { expect, it } from "vitest";
import { SharedQuestion } from "./shared-question.ts";
import { settle } from "./tail.fixture.ts";

const never = new AbortController().signal;

/** A question whose answers are given by hand. */
function byHand() {
  const asked: PromiseWithResolvers<string>[] = [];
  const question = new SharedQuestion(() => {
    asked.push(Promise.withResolvers());
    return asked.at(-1)!.promise;
  });
  return { asked, question };
}

it("is under way once, and who comes meanwhile gets the next answer", async () => {
  const { asked, question } = byHand();
  const first = question.answer(never);
  await settle();
  const others = Array.from({ length: 100 }, () => question.answer(never));
  await settle();
  expect(asked).toHaveLength(1);
  asked[0]!.resolve("first");
  expect(await first).toBe("first");
  await settle();
  expect(asked).toHaveLength(2);
  asked[1]!.resolve("second");
  expect(new Set(await Promise.all(others))).toEqual(new Set(["second"]));
  const last = question.answer(never);
  await settle();
  asked[2]!.resolve("third");
  expect(await last).toBe("third");
});

it("tells a failure to those who asked, and is asked again by the next", async () => {
  const { asked, question } = byHand();
  const first = question.answer(never).catch((reason: Error) => reason.message);
  await settle();
  const second = question.answer(never);
  asked[0]!.reject(new Error("away"));
  expect(await first).toBe("away");
  await settle();
  asked[1]!.resolve("back");
  expect(await second).toBe("back");
});

it("lets go of who does not wait any longer", async () => {
  const { asked, question } = byHand();
  const gone = new AbortController();
  const first = question.answer(gone.signal).catch((reason: unknown) => reason);
  const second = question.answer(never);
  gone.abort("gone");
  expect(await first).toBe("gone");
  asked[0]!.resolve("answer");
  expect(await second).toBe("answer");
});
