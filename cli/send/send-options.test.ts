import { describe, expect, it } from "vitest";
import { send } from "../commands/send.ts";
import { GLOBAL_OPTIONS } from "../global-options.ts";
import { readOptions } from "../read-options.ts";
import { readSendOptions } from "./send-options.ts";

const PRODUCER = "01932c07e6007000800000000000000a";

function read(line: string, isInputTty = true) {
  const { options, words } = readOptions(send, GLOBAL_OPTIONS, line.split(" ").filter(Boolean));
  return readSendOptions(options, words, isInputTty);
}

describe("the command line of send", () => {
  it.each<[string, object]>([
    ["a.log -s web", { sources: ["a.log"], service: "web", format: undefined, strict: false, recordsPerBatch: 1_000 }],
    ["a.log b.log -sweb --format auto", { sources: ["a.log", "b.log"], format: undefined }],
    [
      "- a.log -s web --format json --strict --batch 7",
      { sources: ["-", "a.log"], format: "json", recordsPerBatch: 7 },
    ],
    ["a.log -s web -f --position-file p", { follow: true, positionFile: "p", producer: undefined }],
    [`a.log -s web --producer ${PRODUCER.toUpperCase()} --timeout 1m`, { producer: PRODUCER, timeoutMs: 60_000 }],
    ["a.log -s web", { dryRunRecords: undefined, timeoutMs: undefined }],
    ["a.log -s web --dry-run", { dryRunRecords: 10 }],
    ["a.log -s web --dry-run --show 3", { dryRunRecords: 3 }],
  ])("%s", (line, expected) => expect(read(line)).toMatchObject(expected));

  it("is standard input where no file is named and nobody types there", () => {
    expect(read("-s web", false).sources).toEqual(["-"]);
  });

  it.each([
    ["-s web", "which file is to be sent?"],
    ["a.log", "of which service are these lines?"],
    [`a.log -s ${"s".repeat(257)}`, "--service has 257 bytes; it may have 256"],
    [
      "a.log -s web --format jsn",
      '--format is "jsn"; it must be one of auto, access, combined, envoy, json, logfmt, syslog, cri, text; did you mean json?',
    ],
    ["a.log -s web --batch 0", '--batch is "0"; it must be a whole number from 1 to 10000'],
    ["a.log -s web --producer 12", '--producer is "12"; it must be a UUIDv7 as 32 hexadecimal digits'],
    [`a.log -s web --producer ${PRODUCER.replace("7000", "4000")}`, "it must be a UUIDv7"],
    ["- - -s web", "standard input can be read only once"],
    ["- -s web --follow", "standard input cannot be followed"],
    [`a.log -s web --follow --producer ${PRODUCER}`, "--follow keeps its producers in the position file"],
    ["a.log -s web --position-file p", "--position-file is for --follow"],
    ["a.log -s web --follow --dry-run", "--dry-run looks at the first lines"],
    ["a.log -s web --show 3", "--show says how much --dry-run shows"],
    ["a.log -s web --timeout 1", '--timeout is "1"'],
  ])("is wrong: %s", (line, message) => {
    expect(() => read(line)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(message) }),
    );
  });
});
