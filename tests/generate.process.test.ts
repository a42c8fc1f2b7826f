import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type EmbeddedInstallation, startEmbedded } from "./embedded-installation.ts";
import { eventually } from "./eventually.ts";
import { LOGPULSE, logpulse, startLogpulse } from "./logpulse-command.ts";
import { havePseudoTerminal, inPseudoTerminal } from "./pseudo-terminal.ts";

interface Taken {
  atMs: number;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A server that writes down what it gets, and answers as it is told, `{}` unless otherwise. */
async function recorder(answer: (response: ServerResponse, count: number) => void = (response) => response.end("{}")) {
  const taken: Taken[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    taken.push({ atMs: performance.now(), url: request.url!, headers: request.headers, body });
    answer(response, taken.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { taken, url, lines: () => taken.flatMap(({ body }) => JSON.parse(body) as string[]) };
}

describe("generate sends to any server", () => {
  it("what system B's generator sends, with its settings", async () => {
    const { taken, url, lines } = await recorder();
    const env = {
      TARGET_API_URL: `${url}/api/upload`,
      RPS: "40",
      QTY_IN_BATCH: "30",
      SERVER_ERROR_FREQ: "1",
      CLIENT_ERROR_FREQ: "0",
    };
    const { code, out } = await logpulse(["generate", "--count", "100", "--json"], env);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ requests: 4, records: 100, accepted: 100, answers: { "200": 4 } });
    const lengths = taken.map(({ body }) => (JSON.parse(body) as string[]).length);
    expect(lengths.toSorted((a, b) => a - b)).toEqual([10, 30, 30, 30]); // They may overtake each other.
    for (const { url, headers } of taken) {
      expect([url, headers["content-type"]]).toEqual(["/api/upload", "application/json"]);
    }
    for (const line of lines()) {
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \d+\.\d+\.\d+\.\d+ [A-Z]+ \/\S* 5\d\d \d+ms$/);
    }
  });

  it("the same lines for the same seed, but for their times", async () => {
    const linesOf = async (seed: string) => {
      const { url, lines } = await recorder();
      await logpulse(["generate", "--count", "250", "--rate", "100", "--seed", seed], { TARGET_API_URL: url });
      // Requests are sent when they are due, and may overtake each other.
      return lines()
        .map((line) => line.slice(line.indexOf(" ")))
        .toSorted();
    };
    const [first, again, other] = [await linesOf("7"), await linesOf("7"), await linesOf("8")];
    expect(first).toHaveLength(250);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it("nothing before Retry-After is over, and then the same again", async () => {
    const { taken, url } = await recorder((response, count) => {
      if (count > 1) response.end("{}");
      else response.writeHead(429, { "retry-after": "1" }).end('{"message":"over your rate"}');
    });
    // The second is due half a second after the first: the answer to that must have come before.
    const arguments_ = ["generate", "--count", "500", "--rate", "2", "--json"];
    const { code, out, err } = await logpulse(arguments_, { TARGET_API_URL: url });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      accepted: 500,
      repeats: 1,
      maybeTwice: 0,
      answers: { "200": 5, "429": 1 },
    });
    expect(err).toBe("-- 429: over your rate; such requests are sent again\n");
    const [first, ...others] = taken;
    expect(others.filter(({ body }) => body === first!.body)).toHaveLength(1);
    for (const { atMs } of others) expect(atMs - first!.atMs).toBeGreaterThan(950);
  });

  it("until Ctrl-C, and tells the totals", async () => {
    const { taken, url } = await recorder();
    const command = startLogpulse(["generate", "--json"], { TARGET_API_URL: url });
    await eventually(
      async () => taken.length,
      (count) => count >= 10,
    );
    command.kill("SIGINT");
    const { code, out } = await command.ended;
    expect(code).toBe(0);
    const totals = JSON.parse(out);
    expect(totals).toMatchObject({ requests: taken.length, accepted: 100 * taken.length, failed: 0, unknown: 0 });
  });

  it("and says at Ctrl-C what it does not know of", async () => {
    const { taken, url } = await recorder((response) => response.writeHead(503, { "retry-after": "30" }).end("busy"));
    const command = startLogpulse(["generate", "--json"], { TARGET_API_URL: url });
    await eventually(
      async () => taken.length,
      (count) => count >= 1,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    command.kill("SIGINT");
    const { code, out, err } = await command.ended;
    expect(code).toBe(130);
    const { records, accepted, unknown } = JSON.parse(out);
    expect([accepted, unknown]).toEqual([0, records]);
    expect(err).toContain("-- 503: busy");
  });

  it("or says at once that there is none", async () => {
    const args = ["generate", "--addr", "127.0.0.1:1"];
    for (const more of [[], ["--via", "grpc"]]) {
      const { code, out, err } = await logpulse([...args, ...more]);
      expect({ code, out }).toEqual({ code: 3, out: "" });
      expect(err).toMatch(
        /^logpulse: nothing can be reached at 127\.0\.0\.1:1: connect ECONNREFUSED 127\.0\.0\.1:1\n`npm start`/,
      );
    }
  });

  it("tells what is refused for ever, without sending it again", async () => {
    const { taken, url } = await recorder((response) => response.writeHead(404).end("no such route"));
    const { code, out } = await logpulse(["generate", "--count", "200"], { TARGET_API_URL: `${url}/nowhere` });
    expect(code).toBe(6);
    expect(taken).toHaveLength(2);
    expect(out).toMatch(/^failed {4}200$/m);
    expect(out).toMatch(/^ +404: 2 times, no such route$/m);
  });
});

describe("generate sends to LogPulse", () => {
  let embedded: EmbeddedInstallation;
  beforeAll(async () => {
    embedded = await startEmbedded();
  });
  afterAll(() => embedded?.stop());

  const ask = async <Answer>(path: string) => (await (await fetch(`${embedded.url}${path}`)).json()) as Answer;
  const stored = async () => {
    const { total } = await ask<{ total: number }>("/v1/logs:histogram?buckets_max=1");
    const { coverage } = await ask<{ coverage: { recordsCounted: number } }>("/v1/stats/errors");
    return { records: total, requests: coverage.recordsCounted };
  };

  it.each([
    ["access", "rest"],
    ["access", "grpc"],
    ["application", "rest"],
    ["application", "grpc"],
  ])("%s by %s: each record once", async (kind, via) => {
    const before = await stored();
    const args = ["--kind", kind, "--via", via, "--count", "1030", "--rate", "100", "--batch", "50", "--json"];
    const { code, out } = await logpulse(["generate", "--addr", embedded.address, ...args]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ requests: 21, records: 1_030, accepted: 1_030, rejected: 0, failed: 0 });
    const after = await eventually(stored, ({ records }) => records >= before.records + 1_030);
    expect(after.records - before.records).toBe(1_030);
    const requests = after.requests - before.requests;
    if (kind === "access") expect(requests).toBe(1_030);
    else expect(Math.abs(requests - 412)).toBeLessThan(100);
  });

  const find = async (query: string) => {
    const path = `/v1/logs:search?query=${encodeURIComponent(query)}&page_size=1`;
    return (await ask<{ logs: { record: { message: string; traceId: string } }[] }>(path)).logs;
  };

  it("records that can be searched for by level, trace and attribute, with whole stack traces", async () => {
    const args = ["--kind", "application", "--count", "500", "--rate", "100", "--server-errors", "0.5"];
    await logpulse(["generate", "--addr", embedded.address, ...args]);
    const logs = await eventually(
      () => find("level>=error attr.exception.type:*"),
      ({ length }) => length > 0,
    );
    const { message, traceId } = logs[0]!.record;
    expect(message.split("\n").length).toBeGreaterThan(2);
    expect(await find(`trace:${traceId} level:error attr.region:*`)).toHaveLength(1);
  });
});

describe.runIf(havePseudoTerminal())("generate in a terminal", () => {
  const inTerminal = (url: string, args: string[]) =>
    inPseudoTerminal([process.execPath, LOGPULSE, "generate", ...args], { columns: 100, env: { TARGET_API_URL: url } });

  it("shows how far it is, in one line, and at the end the totals alone", async () => {
    const { url } = await recorder();
    const terminal = inTerminal(url, ["--for", "2s", "--rate", "100"]);
    await terminal.until((screen) => /^[1-9]\d? % · [\d,]+ sent · [\d,]+ accepted/.test(screen.text));
    expect(terminal.screen.text.split("\n")).toHaveLength(1);
    expect((await terminal.ended).exitCode).toBe(0);
    const { screen } = terminal;
    expect(screen.text).toMatch(/^sent {6}[\d,]+ records in \d+ requests/);
    expect(screen.text).not.toContain("accepted ·");
    expect(screen.unknown).toEqual([]);
  });

  it("puts what it says above that line", async () => {
    const { url } = await recorder((response, count) => {
      if (count === 5) response.writeHead(503, { "retry-after": "0" }).end("busy\u001b[2J");
      else response.end("{}");
    });
    const terminal = inTerminal(url, []);
    await terminal.until((screen) => /^-- 503: busy␛\[2J; such requests are sent again\n[\d,]+ sent/.test(screen.text));
    terminal.type("\u0003");
    expect((await terminal.ended).exitCode).toBe(0);
    expect(terminal.screen.text).toMatch(/^-- 503.*\n(\^C)?sent /);
  });

  it("shows no such line where it is not wanted", async () => {
    const { url } = await recorder();
    const terminal = inTerminal(url, ["--count", "3000", "--quiet", "--json"]);
    await terminal.ended;
    expect(terminal.output).toMatch(/^\{.*\}\r\n$/);
  });
});
