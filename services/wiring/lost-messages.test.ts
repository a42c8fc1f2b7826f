import { describe, expect, it } from "vitest";
import { LostMessages } from "./lost-messages.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe("LostMessages", () => {
  it("passes its check while nothing is lost, and never again afterwards", () => {
    const lost = new LostMessages(silent);
    lost.check();
    lost.note("group", 0, 5n);
    lost.note("group", 1, 2n);
    expect(() => lost.check()).toThrow("7 messages were deleted from the log before they were settled");
    expect(lost.totals).toEqual({ lostByLogRetention: "7", lostUnknownTimes: 0 });
  });

  it("says where the number is unknown", () => {
    const lost = new LostMessages(silent);
    lost.note("group", 0, undefined);
    expect(() => lost.check()).toThrow("an unknown number");
    expect(lost.totals).toEqual({ lostByLogRetention: "0", lostUnknownTimes: 1 });
  });
});
