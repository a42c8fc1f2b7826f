import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { create } from "@bufbuild/protobuf";
import { ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  GetHistogramResponseSchema,
  QueryService,
  type SearchLogsRequest,
  SearchLogsResponseSchema,
  TailLogsResponseSchema,
} from "../gen/logpulse/v1/query_service_pb.ts";
import { LogPulseError } from "../services/domain/errors.ts";
import { toConnectError, toStatus } from "../services/runtime/rpc-status.ts";
import { freePort } from "../stack/free-port.ts";
import { LOGPULSE, logpulse, startLogpulse } from "./logpulse-command.ts";
import { listening, servingRoutes } from "./serving-routes.ts";

type Handlers = Partial<ServiceImpl<typeof QueryService>>;

const serving = (handlers: Handlers) => servingRoutes((router) => router.service(QueryService, handlers));

const failing = (...args: ConstructorParameters<typeof LogPulseError>): Handlers => ({
  searchLogs() {
    throw toConnectError(toStatus(new LogPulseError(...args)));
  },
});

const search = (address: string, ...args: string[]) =>
  logpulse(["search", "--addr", address, ...args], { XDG_CONFIG_HOME: "/nowhere", TZ: "UTC" });

describe("the exit code of a command", () => {
  it("is 0 where all is well", async () => {
    const address = await serving({ searchLogs: () => create(SearchLogsResponseSchema) });
    expect(await search(address)).toEqual({ code: 0, out: "", err: "" });
  });

  it("is 2 for a command line that is wrong, before anybody is asked", async () => {
    expect(await logpulse(["serch"])).toEqual({
      code: 2,
      out: "",
      err: 'logpulse: there is no command "serch"; did you mean search?\n`logpulse --help` lists all commands.\n',
    });
    expect((await logpulse(["search", "--form", "x"])).err).toContain("did you mean --from?");
  });

  it("is 3 where nobody listens, with what to do about it", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const { code, out, err } = await search(address);
    expect([code, out]).toEqual([3, ""]);
    expect(err).toBe(
      `logpulse: no LogPulse can be reached at ${address}: connect ECONNREFUSED ${address}\n` +
        "`npm start` in its folder starts one; --addr, LOGPULSE_ADDR or `logpulse profile` name another.\n",
    );
  });

  it("is 3 where no answer comes in time", async () => {
    const address = await listening(createServer((socket) => void onTestFinished(() => void socket.destroy())));
    expect(await search(address, "--timeout", "500ms")).toEqual({
      code: 3,
      out: "",
      err: `logpulse: ${address} did not answer in time\n--timeout gives it longer.\n`,
    });
  });

  it.each([[["tail"]], [["search", "--limit", "all"]]])("is 3 for a stream too (%j)", async (args) => {
    const address = await listening(createServer((socket) => void onTestFinished(() => void socket.destroy())));
    expect(await logpulse([...args, "--addr", address, "--timeout", "500ms"])).toMatchObject({
      code: 3,
      err: expect.stringContaining("did not answer in time"),
    });
  });

  it("is 4 for what is not allowed", async () => {
    expect(await search(await serving(failing("not_permitted", "not for you")))).toEqual({
      code: 4,
      out: "",
      err: "logpulse: not for you\n",
    });
  });

  it("is 5 where the server is too busy, after tries with the waits that it asks for", async () => {
    const address = await serving(failing("overloaded", "a queue is full", { retryAfterMs: 1_000 }));
    const { code, err } = await search(address, "--timeout", "3500ms");
    expect(code).toBe(5);
    const last = `logpulse: ${address} cannot answer now: a queue is full\nTry again in 1 s.\n`;
    expect(err.endsWith(last)).toBe(true);
    // Three fit, and two where the machine is slow.
    expect(err.slice(0, -last.length)).toMatch(/^(-- a queue is full; asking again in 1 s\n){2,3}$/);
  });

  it("is 6 for an answer that is not whole", async () => {
    const page = { logs: [{ id: "a-1", record: { message: "found" } }], partial: true };
    const address = await serving({ searchLogs: () => create(SearchLogsResponseSchema, page) });
    const { code, out, err } = await search(address, "--json");
    expect([code, JSON.parse(out).id]).toEqual([6, "a-1"]);
    expect(err).toContain("1 record, not all");
  });

  it("is 130 where it was interrupted, and nothing is said", async () => {
    const asked = Promise.withResolvers<void>();
    const address = await serving({
      async searchLogs(_request, { signal }) {
        asked.resolve();
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        throw new ConnectError("over");
      },
    });
    const command = startLogpulse(["search", "--addr", address]);
    await asked.promise;
    command.kill("SIGINT");
    expect(await command.ended).toEqual({ code: 130, out: "", err: "" });
  });

  it("has no message that a server could move the terminal with", async () => {
    const { err } = await search(await serving(failing("not_permitted", "\u001b[2Jevil")));
    expect(err).toBe("logpulse: ␛[2Jevil\n");
  });
});

describe("what was printed", () => {
  const inBash = (command: string) =>
    promisify(execFile)("bash", ["--norc", "-c", command], {
      env: {
        PATH: process.env.PATH,
        PROGRAM: `${process.execPath} ${LOGPULSE}`,
        XDG_CONFIG_HOME: "/nowhere",
        TZ: "UTC",
      },
    });
  const logs = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      id: `a-${at}`,
      record: { time: {}, message: `n ${at} ${"x".repeat(400)}` },
    }));

  it("and cannot be written fails the command, be it the last thing", async () => {
    const address = await serving({ getHistogram: () => create(GetHistogramResponseSchema, { total: 7 }) });
    const command = `$PROGRAM search --count --addr ${address} > /dev/full; echo "code $?"`;
    const { stdout, stderr } = await inBash(command);
    expect(stdout).toBe("code 1\n");
    expect(stderr).toMatch(/^logpulse: the output cannot be written: ENOSPC/);
  });

  it("and cannot be written is not behind the cursor of a tail", async () => {
    const folder = mkdtempSync(join(tmpdir(), "logpulse-full-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const address = await serving({
      ping: () => ({}),
      async *tailLogs(_request, { signal }) {
        yield create(TailLogsResponseSchema, {
          event: { case: "records", value: { logs: logs(1) } },
          cursor: "behind",
        });
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      },
    });
    const command = `$PROGRAM tail --cursor-file ${folder}/cursor --addr ${address} > /dev/full; echo "code $?"`;
    const { stdout, stderr } = await inBash(command);
    expect([stdout, readdirSync(folder)]).toEqual(["code 1\n", []]);
    expect(stderr).toMatch(/^logpulse: the output cannot be written: ENOSPC/);
  });

  it("is there to its end where the command fails later, however slow its reader is", async () => {
    const address = await serving({
      searchLogs({ pageToken }) {
        if (pageToken !== "") throw toConnectError(toStatus(new LogPulseError("not_permitted", "not any more")));
        // More than the 64 KiB that a pipe holds, and less than makes the command wait for its reader.
        return create(SearchLogsResponseSchema, { logs: logs(170), nextPageToken: "more" });
      },
    });
    const command = `$PROGRAM search --limit 5000 --addr ${address} | (sleep 2; wc -l); echo "code \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await inBash(command);
    expect([stdout, stderr]).toEqual(["170\ncode 4\n", "logpulse: not any more\n"]);
  });
});

describe("times", () => {
  it("are read in the machine's zone and printed in UTC with --plain", async () => {
    const asked: SearchLogsRequest[] = [];
    const address = await serving({
      searchLogs(request) {
        asked.push(request);
        const time = { seconds: BigInt(Date.UTC(2026, 6, 1, 9, 30) / 1_000) };
        return create(SearchLogsResponseSchema, { logs: [{ id: "a-1", record: { time, message: "x" } }] });
      },
    });
    const find = (...args: string[]) =>
      logpulse(["search", "--addr", address, "--from", "2026-07-01T10:42", "--to", "2026-07-01T12:00", ...args], {
        XDG_CONFIG_HOME: "/nowhere",
        TZ: "Europe/Berlin",
      });
    const shown = [await find(), await find("--plain"), await find("--utc"), await find("--plain", "--utc")];
    const hours = asked.map(({ startTime }) =>
      new Date(Number(startTime!.seconds) * 1_000).toISOString().slice(11, 16),
    );
    expect(hours).toEqual(["08:42", "08:42", "10:42", "10:42"]);
    expect(shown.map(({ out }) => out.split(/[\t ]·|\t/)[0])).toEqual([
      "2026-07-01 11:30:00.000",
      "2026-07-01T09:30:00.000000000Z",
      "2026-07-01 09:30:00.000",
      "2026-07-01T09:30:00.000000000Z",
    ]);
  });
});
