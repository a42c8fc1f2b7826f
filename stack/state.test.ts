import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { identify } from "./processes.ts";
import { claim, deleteState, type PartState, readState, writeState } from "./state.ts";
import { stopParts } from "./stop-parts.ts";

const self = identify(process.pid)!;
const gone = { pid: process.pid, startedAt: "another boot/1" }; // Our number, but of somebody who has ended.

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "logpulse-state-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const part = (process: PartState["process"]): PartState => ({
  name: "redis",
  stage: "servers",
  process,
  address: "127.0.0.1:1",
  logFile: "redis.log",
});

describe("the state file", () => {
  it("comes back as it was written, and is gone when deleted", () => {
    const state = { starter: self, parts: [part(gone)] };
    writeState(directory, state);
    assert.deepEqual(readState(directory), state);
    deleteState(directory);
    assert.equal(readState(directory), undefined);
    deleteState(directory); // A second time changes nothing.
  });

  it("names itself when it cannot be read", () => {
    writeFileSync(join(directory, "state.json"), "{");
    assert.throws(() => readState(directory), /state\.json cannot be read/);
  });
});

describe("claim", () => {
  it("is refused while a part runs, and while another command is starting", () => {
    writeState(directory, { starter: gone, parts: [part(gone), part(self)] });
    assert.equal(claim(directory, self)?.parts.length, 2);
    writeState(directory, { starter: self, parts: [] });
    assert.deepEqual(claim(directory, self), { starter: self, parts: [] });
  });

  it("holds in a new folder, and where nothing runs any more", () => {
    const inside = join(directory, "new", "folder");
    assert.equal(claim(inside, self), undefined);
    writeState(directory, { starter: gone, parts: [part(gone)] });
    assert.equal(claim(directory, self), undefined);
    assert.deepEqual(readState(directory), { starter: self, parts: [] });
  });
});

describe("stopParts", () => {
  it("leaves a process alone that was given the number of a part", async () => {
    const lines: string[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(line));
    const failures = await stopParts({ starter: gone, parts: [part(gone)] });
    log.mockRestore();
    assert.equal(failures, 0); // And we are still here to say so.
    assert.deepEqual(lines, ["redis: had ended before"]);
  });
});
