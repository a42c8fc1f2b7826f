import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { UnsentAnswers } from "./unsent-answers.ts";

const response = () => new EventEmitter() as unknown as ServerResponse;

describe("answers that wait for their clients", () => {
  it("have so much room together, until their connections close", () => {
    const unsent = new UnsentAnswers(100);
    const first = response();
    unsent.take(first, 60);
    expect(() => unsent.take(response(), 41)).toThrow(/answers of 60 bytes wait/);
    unsent.take(response(), 40);
    first.emit("close");
    expect(unsent.held).toBe(40);
    unsent.take(response(), 60);
  });

  it("may be larger than the room, one at a time", () => {
    const unsent = new UnsentAnswers(100);
    unsent.take(response(), 1_000);
    expect(() => unsent.take(response(), 1)).toThrow(expect.objectContaining({ kind: "overloaded" }));
  });
});
