import { fromJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  GetErrorsResponseSchema,
  GetLatencyResponseSchema,
  GetTrafficResponseSchema,
} from "../gen/logpulse/v1/stats_service_pb.ts";
import { type EmbeddedInstallation, startEmbedded } from "./embedded-installation.ts";
import { eventually } from "./eventually.ts";
import { LOGPULSE, logpulse } from "./logpulse-command.ts";
import { havePseudoTerminal, inPseudoTerminal, type PseudoTerminal } from "./pseudo-terminal.ts";

const HOSTILE = "evil\u001b[2J\u001b]0;owned\u0007";

/** Requests by service, path and status, each taking 20 ms. */
const REQUESTS: [service: string, path: string, status: number, count: number][] = [
  ["auth", "/login", 200, 90],
  ["auth", "/login?next=/", 401, 9],
  ["auth", "/logout", 500, 1],
  ["cart", "/cart", 200, 50],
  [HOSTILE, "/evil\u0007", 404, 5],
];

let embedded: EmbeddedInstallation;

beforeAll(async () => {
  embedded = await startEmbedded();
  const records = REQUESTS.flatMap(([service, path, status, count]) =>
    Array.from({ length: count }, (_, client) => ({
      time: new Date(Date.now() - 1_000).toISOString(),
      service,
      message: `${path} ${status}`,
      http: { clientIp: `10.0.0.${client}`, method: "GET", path, status, latency: "0.020s", responseBytes: 100 },
    })),
  );
  await fetch(`${embedded.url}/v1/logs:write`, { method: "POST", body: JSON.stringify({ records }) });
  await eventually(
    async () => (await fetch(`${embedded.url}/v1/stats/errors`)).text(),
    (text) => text.includes('"recordsCounted":155'),
  );
});
afterAll(() => embedded?.stop());

const stats = (...args: string[]) => logpulse(["stats", ...args, "--addr", embedded.address]);

describe("stats", () => {
  it("latency by path", async () => {
    const { code, out, err } = await stats("latency", "--by", "path");
    expect(code).toBe(0);
    expect(out).toBe(
      [
        "path     requests     mean      p50      p90      p95      p99      max",
        "/login         99  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms",
        "/cart          50  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms",
        "/evil␇          5  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms",
        "/logout         1  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms",
        "all           155  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms",
        "",
      ].join("\n"),
    );
    expect(err).toMatch(/^-- 155 requests counted from .* to .*; complete to .*\n-- exact counts.*within 1 %\n$/);
  });

  it("errors by service, with control characters drawn", async () => {
    const { out } = await stats("errors", "--by", "service", "--limit", "2", "--compare", "previous");
    expect(out.replace(/ +/g, " ")).toBe(
      [
        "service requests 4xx 4xx share 5xx 5xx share most frequent 5xx share before change",
        "auth 100 9 9.00 % 1 1.00 % 401: 9, 500: 1 – –",
        "cart 50 0 0.00 % 0 0.00 % – –",
        "all 155 14 9.03 % 1 0.65 % 401: 9, 404: 5, 500: 1 – –",
        "",
      ].join("\n"),
    );
    const all = await stats("errors", "--by", "service");
    expect(all.out).toContain("evil␛[2J␛]0;owned␇");
    expect(all.out).not.toMatch(/[^\P{Cc}\n]/u);
    expect((await stats("errors", "--by", "service", "--limit", "2")).err).toMatch(/^-- 2 of 3 services, the busiest/);
  });

  it("traffic of one service by time, for programs", async () => {
    const { out } = await stats("traffic", "-s", "auth", "--step", "day", "--range", "10m", "--plain");
    const rows = out
      .trimEnd()
      .split("\n")
      .map((row) => row.split("\t"));
    expect(rows.reduce((sum, [, requests]) => sum + Number(requests), 0)).toBe(100);
    for (const [time] of rows) expect(time).toMatch(/^\d{4}-\d\d-\d\dT00:00:00.000Z$/);
  });

  it.each([
    ["latency", GetLatencyResponseSchema],
    ["errors", GetErrorsResponseSchema],
    ["traffic", GetTrafficResponseSchema],
  ] as const)("%s as the contract's JSON, on one line, with names as they are", async (statistic, schema) => {
    const { out, err } = await stats(statistic, "--by", "service", "--json");
    expect([err, out.split("\n").length]).toEqual(["", 2]);
    const answer = fromJsonString(schema as typeof GetErrorsResponseSchema, out, { ignoreUnknownFields: false });
    expect(answer.coverage!.recordsCounted).toBe(155);
    expect(answer.groups.map(({ service }) => service)).toEqual(["auth", "cart", HOSTILE]);
  });

  it.each([
    [["latencies"], /^logpulse: there are no statistics of "latencies"; there are latency, errors, traffic\n/],
    [[], /^logpulse: stats lacks latency\|errors\|traffic\n/],
    [["errors", "--by", "status"], /^logpulse: --by is "status"/],
    [
      ["errors", "--step", "minute", "--range", "300d"],
      /^logpulse: .*step cuts the time into .* pieces.*limit is 20000/,
    ],
  ])("%j is refused: exit code 2", async (args, expected) => {
    const { code, out, err } = await stats(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(expected);
  });
});

describe("top without a terminal", () => {
  it("is one table", async () => {
    const { code, out, err } = await logpulse(["top", "--addr", embedded.address, "--sort", "errors"]);
    expect(code).toBe(0);
    expect(out.split("\n")[0]).toMatch(/^service +req\/s +4xx +5xx +p50 +p99 +max +addresses$/);
    expect(out.split("\n")[1]).toMatch(/^auth +\d\S+ +9\.00 % +1\.00 % +20\.0 ms +20\.0 ms +20\.0 ms +90$/);
    expect(err).toMatch(/^-- 155 requests since .*; complete to .*\n$/);
  });

  it("is one object with --json", async () => {
    const { out } = await logpulse(["top", "--addr", embedded.address, "--json", "--by", "path", "--sort", "name"]);
    const { all, groups } = JSON.parse(out);
    expect(all).toMatchObject({ requests: 155, clientErrorShare: 14 / 155 });
    expect(groups.map(({ path }: { path: string }) => path)).toEqual(["/cart", "/evil\u0007", "/login", "/logout"]);
  });

  it.each([
    [["--sort", "lag"], '--sort is "lag"; it must be one of name, rate'],
    [["--by", "path", "--sort", "addresses"], '--sort is "addresses"'],
    [["--interval", "1ms"], '--interval is "1ms"'],
  ])("%j is refused", async (args, expected) => {
    const { code, err } = await logpulse(["top", "--addr", embedded.address, ...args]);
    expect(code).toBe(2);
    expect(err).toContain(expected);
  });

  it("says who cannot be reached", async () => {
    const { code, err } = await logpulse(["top", "--addr", "127.0.0.1:1"]);
    expect(code).toBe(3);
    expect(err).toContain("127.0.0.1:1");
  });
});

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
