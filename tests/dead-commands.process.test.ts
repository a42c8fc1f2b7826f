import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  AdminService,
  ListDeadLettersResponseSchema,
  type ReplayDeadLettersRequest,
  ReplayDeadLettersResponseSchema,
} from "../gen/logpulse/v1/admin_service_pb.ts";
import { LogPulseError } from "../services/domain/errors.ts";
import { REPLAY_REFUSALS_TOLD_MAX } from "../services/domain/limits.ts";
import { toConnectError, toStatus } from "../services/runtime/rpc-status.ts";
import { LOGPULSE, logpulse, startLogpulse } from "./logpulse-command.ts";
import { havePseudoTerminal, inPseudoTerminal } from "./pseudo-terminal.ts";
import { servingRoutes } from "./serving-routes.ts";

const serving = (handlers: Partial<ServiceImpl<typeof AdminService>>) =>
  servingRoutes((router) => router.service(AdminService, handlers));

const dead = (address: string, ...args: string[]) =>
  logpulse(["dead", ...args, "--addr", address], { XDG_CONFIG_HOME: "/nowhere", TZ: "UTC" });

/** So many open letters that are all refused again, as the server tells of them; the tries in `failing` fail. */
async function refusing(letters: number, failing: readonly number[] = []) {
  const asked: ReplayDeadLettersRequest[] = [];
  const address = await serving({
    replayDeadLetters(request) {
      if (request.dryRun) return create(ReplayDeadLettersResponseSchema, { matched: BigInt(letters) });
      asked.push(request);
      if (failing.includes(asked.length)) {
        throw toConnectError(
          toStatus(new LogPulseError("store_unavailable", "the table is away", { retryAfterMs: 1 })),
        );
      }
      const from = Number(request.pageToken || "0");
      const to = Math.min(letters, from + request.pageSize);
      const told = Math.min(to, from + REPLAY_REFUSALS_TOLD_MAX);
      return create(ReplayDeadLettersResponseSchema, {
        tried: BigInt(to - from),
        refused: BigInt(to - from),
        refusals: Array.from({ length: told - from }, (_, at) => ({ id: `a-${from + at}`, reason: "conflict" })),
        nextPageToken: to < letters ? String(to) : "",
      });
    },
  });
  return { address, asked };
}

describe("dead replay", () => {
  it("tells of each letter that is refused again, however many there are", async () => {
    const { address } = await refusing(250);
    const { code, out } = await dead(address, "replay", "--yes");
    const lines = out.trimEnd().split("\n");
    const refused = Array.from({ length: 250 }, (_, at) => `refused again: a-${at}  conflict  `);
    expect(lines).toEqual([...refused, "250 tried · 0 stored · 0 stored before · 0 expired · 250 refused again"]);
    expect(code).toBe(6);
  });

  it("says that totals are without what a call did that failed", async () => {
    const { address, asked } = await refusing(2, [1]);
    const { out, err } = await dead(address, "replay", "--yes");
    expect(asked).toHaveLength(2);
    expect(out).toContain("2 tried · 0 stored · 0 stored before · 0 expired · 2 refused again · ");
    expect(out).toMatch(/ · not counted: what 1 failed call did\n$/);
    expect(err).toBe("-- a call failed (the table is away); what it may have stored is not counted\n");
  });

  it("says what was done before it had to give up", async () => {
    const { address } = await refusing(150, [2, 3, 4, 5]);
    const { code, out, err } = await dead(address, "replay", "--yes", "--json");
    expect([code, JSON.parse(out).tried]).toEqual([3, "100"]);
    expect(err).toMatch(/^-- until then: 100 tried .* · not counted: what 4 failed calls did$/m);
  });

  it.each([
    [["replay", "", "--yes"], "the ID is empty"],
    [["replay", "--store", "", "--yes"], '--store is ""'],
    [["show", ""], "the ID is empty"],
  ])("%j does nothing: what a script did not fill in does not mean all", async (args, expected) => {
    const { address, asked } = await refusing(2);
    const { code, err } = await dead(address, ...args);
    expect([code, asked]).toEqual([2, []]);
    expect(err).toContain(expected);
  });

  it.runIf(havePseudoTerminal())("is interrupted by Ctrl-C at its question", async () => {
    const { address, asked } = await refusing(2);
    const terminal = inPseudoTerminal([process.execPath, LOGPULSE, "dead", "replay", "--addr", address]);
    await terminal.until(({ text }) => text.includes("Try to store 2 letters? [y/N]"));
    terminal.type("\u0003");
    expect(await terminal.ended).toMatchObject({ exitCode: 130, isCanonical: true, isEchoing: true });
    expect(terminal.screen.text).not.toContain("nothing was tried");
    expect(asked).toEqual([]);
  });
});

describe("dead list", () => {
  const listing = async () => {
    const { promise: rest, resolve: goOn } = Promise.withResolvers<void>();
    const address = await serving({
      async listDeadLetters({ pageToken }) {
        if (pageToken !== "") await rest;
        const letter = { listedTime: {}, letter: { store: "mysql", id: pageToken === "" ? "a-1" : "a-2" } };
        const nextPageToken = pageToken === "" ? "more" : "";
        return create(ListDeadLettersResponseSchema, { letters: [letter], total: 2n, nextPageToken });
      },
    });
    return { address, goOn };
  };

  it.each([["--plain"], ["--json"]])("with %s prints each page when it comes", async (option) => {
    const { address, goOn } = await listing();
    const command = startLogpulse(["dead", "list", option, "--limit", "100000", "--addr", address]);
    await expect.poll(() => command.out, { timeout: 20_000 }).toContain("a-1");
    expect(command.out).not.toContain("a-2");
    goOn();
    const { code, out } = await command.ended;
    expect([code, out.trimEnd().split("\n").length]).toEqual([0, 2]);
  });

  it("for people is one table", async () => {
    const { address, goOn } = await listing();
    goOn();
    const { out } = await dead(address, "list", "--limit", "100000");
    expect(out.match(/^listed/gm)).toHaveLength(1);
    expect(out.match(/a-[12]/g)).toEqual(["a-1", "a-2"]);
  });
});
