import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CommandFailure, EXIT } from "./exit-code.ts";
import { Interrupted, isInterruption } from "./interruption.ts";

const aborted = AbortSignal.abort();
const going = new AbortController().signal;
const cut = new ConnectError("This operation was aborted", Code.Canceled);

describe("a failure", () => {
  it.each([
    ["a call that was aborted", cut, aborted, true],
    ["a wait that was aborted", aborted.reason, aborted, true],
    ["Ctrl-C as a key", new Interrupted(), going, true],
    ["a call that failed by itself", cut, going, false],
    ["a full disk, behind Ctrl-C", new CommandFailure(EXIT.failed, "no space left"), aborted, false],
    ["a bug, behind Ctrl-C", new TypeError("x is undefined"), aborted, false],
  ])("is an interruption or not: %s", (_what, reason, signal, expected) =>
    expect(isInterruption(reason, signal)).toBe(expected),
  );
});
