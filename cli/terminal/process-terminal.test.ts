import { closeSync, openSync, writeSync } from "node:fs";
import { PassThrough, Writable } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { USUAL_SETTINGS } from "../settings.ts";
import { coloured } from "./colours.ts";
import { OutputStream } from "./output-stream.ts";
import { ProcessTerminal } from "./process-terminal.ts";
import { type TestTerminalOptions, testTerminal } from "./terminal.fixture.ts";
import { OutputClosed } from "./terminal.ts";

describe("colours", () => {
  it.each<[TestTerminalOptions, boolean]>([
    [{ isTty: true }, true],
    [{ isTty: false }, false],
    [{ isTty: true, env: { NO_COLOR: "1" } }, false],
    [{ isTty: true, env: { NO_COLOR: "" } }, true],
    [{ isTty: true, env: { TERM: "dumb" } }, false],
    [{ isTty: true, isPlain: true }, false],
    [{ isTty: true, color: "never" }, false],
    [{ isTty: false, color: "always" }, true],
    [{ isTty: true, env: { NO_COLOR: "1", TERM: "dumb" }, color: "always" }, true],
  ])("with %j: %j", (options, colours) => {
    const { out, err } = testTerminal(options).terminal;
    expect([out.colours, err.colours]).toEqual([colours, colours]);
    expect(coloured("x", "red", out)).toBe(colours ? "\u001b[31mx\u001b[0m" : "x");
  });

  it("are each stream's own: a pipe has none though errors go to a terminal", () => {
    const [stdout, stderr] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY: true })];
    const terminal = new ProcessTerminal({ stdin: {}, stdout, stderr, env: {} }, USUAL_SETTINGS);
    expect([terminal.out.colours, terminal.err.colours]).toEqual([false, true]);
  });
});

describe("a terminal", () => {
  it("is nobody to ask with --no-input, or without somebody at it", () => {
    expect(testTerminal({ isTty: true }).terminal.isInputTty).toBe(true);
    expect(testTerminal({ isTty: true, mayAsk: false }).terminal.isInputTty).toBe(false);
    expect(testTerminal({ isTty: false }).terminal.isInputTty).toBe(false);
  });

  it("has the width that its window has now", () => {
    const { terminal, stdout } = testTerminal({ isTty: true, columns: 80 });
    stdout.columns = 40;
    expect(terminal.out.columns).toBe(40);
    expect(testTerminal({ isTty: false }).terminal.out.columns).toBeUndefined();
  });

  it("prints data to one stream and says all else to the other", async () => {
    const { terminal, printed, said } = testTerminal();
    await terminal.print("data");
    terminal.say("-- something");
    expect([printed(), said()]).toEqual(["data\n", "-- something\n"]);
  });

  it("says nothing that a terminal obeys, whoever wrote it", () => {
    const { terminal, said } = testTerminal();
    terminal.say("-- a queue\nis full\u001b[2J\u001b]0;owned\u0007");
    expect(said()).toBe("-- a queue␊is full␛[2J␛]0;owned␇\n");
  });

  it("says nothing when it is quiet", () => {
    const { terminal, said } = testTerminal({ isQuiet: true });
    terminal.say("-- something");
    expect(said()).toBe("");
  });
});

describe("the output", () => {
  it("waits for its reader", async () => {
    const stream = new PassThrough({ highWaterMark: 4 });
    const output = new OutputStream(stream);
    let isTaken = false;
    const written = output.write("longer than four bytes").then(() => {
      isTaken = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isTaken).toBe(false);
    stream.read();
    await written;
  });

  it.each([["EPIPE"], ["ECONNRESET"]])("is closed where its reader has gone (%s)", async (code) => {
    const stream = new PassThrough({ highWaterMark: 1 });
    const output = new OutputStream(stream);
    const waiting = output.write("waits for room");
    stream.emit("error", Object.assign(new Error("gone"), { code }));
    await expect(waiting).rejects.toBeInstanceOf(OutputClosed);
    await expect(output.write("more")).rejects.toBeInstanceOf(OutputClosed);
    await expect(output.flush()).rejects.toBeInstanceOf(OutputClosed);
  });

  it("on a full disk tells of the last thing that was printed, too", async () => {
    const full = openSync("/dev/full", "w");
    onTestFinished(() => closeSync(full));
    const stream = new Writable({
      // At once, as Node's standard output does it where that is a file.
      write(bytes: Buffer, _encoding, done) {
        try {
          writeSync(full, bytes);
          done();
        } catch (reason) {
          done(reason as Error);
        }
      },
    });
    const output = new OutputStream(stream);
    await expect(output.write("the only line")).rejects.toThrow("the output cannot be written: ENOSPC");
    await expect(output.flush()).rejects.toThrow("ENOSPC");
  });

  it("tells what else is wrong with it", async () => {
    const stream = new PassThrough();
    const output = new OutputStream(stream);
    stream.emit("error", Object.assign(new Error("no space left on device"), { code: "ENOSPC" }));
    await expect(output.write("x")).rejects.toThrow("the output cannot be written: no space left on device");
  });
});
