import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedInstallation, startEmbedded } from "./embedded-installation.ts";
import { startWithRequests } from "./installation-with-requests.ts";
import { LOGPULSE } from "./logpulse-command.ts";
import { havePseudoTerminal, inPseudoTerminal, type PseudoTerminal } from "./pseudo-terminal.ts";

let embedded: EmbeddedInstallation;

beforeAll(async () => {
  embedded = await startWithRequests();
});
afterAll(() => embedded?.stop());

describe.runIf(havePseudoTerminal())("top in a terminal", () => {
  const inTerminal = async (args: string[] = [], env: Record<string, string> = {}) => {
    const command = [process.execPath, LOGPULSE, "top", "--addr", embedded.address, "--interval", "500ms", ...args];
    const terminal = inPseudoTerminal(command, { rows: 10, columns: 90, env });
    await terminal.until(({ isAlternate, text }) => isAlternate && text.includes("req/s"));
    return terminal;
  };
  const names = ({ screen }: PseudoTerminal) => screen.lines.slice(4, 7).map((line) => line.slice(2).split(" ")[0]);
  const shell = { isCanonical: true, isEchoing: true };
  const expectGivenBack = async ({ ended, screen }: PseudoTerminal, exitCode: number | null) => {
    expect(await ended).toMatchObject({ exitCode, ...shell });
    expect([screen.isAlternate, screen.isCursorVisible, screen.text]).toEqual([false, true, ""]);
  };

  it("shows the busiest first, on a screen of its own, and gives the terminal back", async () => {
    const terminal = await inTerminal();
    const { screen } = terminal;
    await terminal.until(({ lines }) => names(terminal)[2]!.endsWith("owned␇") && lines[9]!.includes("q quit")); // It comes in pieces.
    expect(screen.lines[0]).toMatch(new RegExp(`^logpulse top · ${embedded.address} · last 5m by service · \\d\\d:`));
    expect(names(terminal)).toEqual(["auth", "cart", "evil␛[2J␛]0;owned␇"]);
    expect(screen.lines[9]).toContain("q quit");
    expect([screen.isCursorVisible, screen.title, screen.unknown]).toEqual([false, undefined, []]);
    terminal.type("q");
    await expectGivenBack(terminal, 0);
  });

  it("sorts, filters, pauses and explains itself", async () => {
    const terminal = await inTerminal();
    terminal.type("1");
    await terminal.until(
      () => names(terminal)[2] === "evil␛[2J␛]0;owned␇" && terminal.screen.text.includes("▾service"),
    );
    terminal.type("r");
    await terminal.until(() => names(terminal)[0] === "evil␛[2J␛]0;owned␇");
    terminal.type("/CA");
    await terminal.until(({ text }) => text.includes("/CA▏") && !text.includes("auth"));
    terminal.type("\r");
    await terminal.until(({ text }) => text.includes('services with "CA"'));
    terminal.type("\u001b");
    await terminal.until(({ text }) => text.includes("auth"));
    terminal.type(" ");
    await terminal.until(({ text }) => text.includes("paused at"));
    terminal.type("?");
    await terminal.until(({ text }) => text.includes("choose a row"));
    terminal.type("q");
    await terminal.until(({ text }) => !text.includes("choose a row"));
    terminal.type("\u0003");
    await expectGivenBack(terminal, 0);
  });

  it("is one table on a terminal that knows no such screen", async () => {
    const command = [process.execPath, LOGPULSE, "top", "--addr", embedded.address];
    const terminal = inPseudoTerminal(command, { columns: 90, env: { TERM: "dumb" } });
    expect((await terminal.ended).exitCode).toBe(0);
    expect(terminal.output).not.toContain("\u001b");
    expect(terminal.screen.text).toMatch(/^service +req\/s/);
  });

  it("asks anew", async () => {
    const terminal = await inTerminal(["--by", "path"]);
    const record = {
      service: "new",
      message: "x",
      http: { clientIp: "1.1.1.1", method: "GET", path: "/new", status: 200 },
    };
    await fetch(`${embedded.url}/v1/logs:write`, { method: "POST", body: JSON.stringify({ records: [record] }) });
    await terminal.until(({ text }) => text.includes("/new"));
    terminal.type("q");
    await expectGivenBack(terminal, 0);
  });

  it("fits its window when that changes", async () => {
    const terminal = await inTerminal();
    terminal.resize(7, 40);
    await terminal.until(({ lines }) => lines[6]!.startsWith("q quit") && lines[3]!.includes("req/s"));
    expect(terminal.screen.lines[3]).not.toContain("addresses");
    for (const line of [0, 1, 6]) expect(terminal.screen.lines[line]).toMatch(/^.{39}…$/u);
    terminal.type("q");
    await expectGivenBack(terminal, 0);
  });

  it.each([
    ["SIGTERM", 0],
    ["SIGINT", 0],
    ["SIGHUP", 129],
    ["SIGQUIT", 131],
  ] as const)("gives the terminal back at %s", async (signal, exitCode) => {
    const terminal = await inTerminal();
    terminal.signal(signal);
    await expectGivenBack(terminal, exitCode);
  });

  it("gives the terminal back when it crashes, and the reason can be read", async () => {
    const crash = "process.on('SIGUSR2', () => { throw new Error('a bug that nobody caught') })";
    const terminal = await inTerminal([], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(crash)}`,
    });
    terminal.signal("SIGUSR2");
    const end = await terminal.ended;
    expect(end).toMatchObject({ exitCode: expect.any(Number), ...shell });
    expect(end.exitCode).not.toBe(0);
    expect([terminal.screen.isAlternate, terminal.screen.isCursorVisible]).toEqual([false, true]);
    expect(terminal.screen.text + terminal.screen.history.join("\n")).toContain("a bug that nobody caught");
  });

  it("is stopped by Ctrl-Z and comes back with fg", async () => {
    const top = `${process.execPath} ${LOGPULSE} top --addr ${embedded.address}`;
    const terminal = inPseudoTerminal(["bash", "--norc", "-i"], { rows: 10, columns: 90, env: { PS1: "$ " } });
    terminal.type(`${top}\r`);
    await terminal.until(({ isAlternate, text }) => isAlternate && text.includes("req/s"));
    terminal.type("\u001a");
    await terminal.until(({ isAlternate, text }) => !isAlternate && text.includes("Stopped"));
    expect(terminal.screen.isCursorVisible).toBe(true);
    terminal.type("echo between\r");
    await terminal.until(({ text }) => /^between$/m.test(text));
    terminal.type("fg\r");
    await terminal.until(({ isAlternate, text }) => isAlternate && text.includes("req/s"));
    terminal.type("q");
    await terminal.until(({ isAlternate }) => !isAlternate);
    terminal.type("exit\r");
    expect((await terminal.ended).exitCode).toBe(0);
  });

  it("goes on as a tail of the chosen row", async () => {
    const terminal = await inTerminal();
    terminal.type("\u001b[B\r");
    await terminal.until(({ isAlternate }) => !isAlternate);
    await terminal.until(() => terminal.output.includes("-- logpulse tail service:cart --since -1m\r\n"));
    const record = { service: "cart", message: "what the tail shows" };
    const body = JSON.stringify({ records: [record] });
    // When the tail has begun, nobody can see from outside.
    const writing = setInterval(() => void fetch(`${embedded.url}/v1/logs:write`, { method: "POST", body }), 200);
    try {
      await terminal.until(({ text }) => text.includes("what the tail shows"));
    } finally {
      clearInterval(writing);
    }
    terminal.type("\u0003");
    expect(await terminal.ended).toMatchObject({ exitCode: 0, ...shell });
  });

  it("goes on as a tail of a row whose name would move the terminal", async () => {
    const terminal = await inTerminal();
    terminal.type("/evil\r\r");
    await terminal.until(() =>
      terminal.output.includes("-- logpulse tail $'service:evil\\033[2J\\033]0;owned\\007' --"),
    );
    terminal.type("\u0003");
    await terminal.ended;
    expect([terminal.screen.title, terminal.screen.unknown]).toEqual([undefined, []]);
  });

  it("reads a key that comes in two pieces, and turns the wrapping of long rows on again", async () => {
    const terminal = await inTerminal();
    terminal.type("\u001b");
    terminal.type("[B");
    await terminal.until(({ lines }) => lines[5]!.startsWith("> cart"));
    terminal.type("q");
    await expectGivenBack(terminal, 0);
    expect(terminal.output.lastIndexOf("\u001b[?7h")).toBeGreaterThan(terminal.output.indexOf("\u001b[?7l"));
  });

  it("keeps its figures while the server is away, and says so", async () => {
    const own = await startEmbedded();
    try {
      const command = [
        process.execPath,
        LOGPULSE,
        "top",
        "--addr",
        own.address,
        "--interval",
        "500ms",
        "--timeout",
        "1s",
      ];
      const terminal = inPseudoTerminal(command, { rows: 10, columns: 90 });
      await terminal.until(({ text }) => text.includes("No requests in the last 5m."));
      await own.process.kill();
      await terminal.until(({ lines }) => lines[2]!.includes(own.address));
      expect(terminal.screen.text).toContain("No requests in the last 5m.");
      await own.process.restart();
      await terminal.until(({ lines }) => lines[2] === "");
      terminal.type("q");
      await expectGivenBack(terminal, 0);
    } finally {
      await own.stop();
    }
  });
});
