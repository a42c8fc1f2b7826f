import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { Severity } from "../gen/logpulse/v1/log_record_pb.ts";
import { makeUuidV7 } from "../services/domain/identity.ts";
import { nanosToTimestamp } from "../services/domain/record-time.ts";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";
import { LOGPULSE, logpulse } from "./logpulse-command.ts";
import { havePseudoTerminal, inPseudoTerminal } from "./pseudo-terminal.ts";

const PRODUCER = makeUuidV7(Date.now(), randomBytes(10));
const ID = Buffer.from(PRODUCER).toString("hex");
const CHAIN = 300; // Records of one service, in one nanosecond each ten.
const START_MS = Date.now() - 60_000;

/** The commands that ask, as a person runs them. */
export function askingCommandsContract(mode: string, start: StartInstallation): void {
  describe(`commands that ask, ${mode}`, { timeout: 120_000 }, () => {
    let server: Installation;
    let folder: string;
    const run = (...args: string[]) => logpulse(args, environment());
    const environment = () => ({ LOGPULSE_ADDR: server.address, XDG_CONFIG_HOME: folder, TZ: "UTC" });
    const lines = (text: string) => text.trimEnd().split("\n");

    beforeAll(async () => {
      server = await start();
      folder = mkdtempSync(join(tmpdir(), "logpulse-commands-"));
      const ingest = createClient(IngestService, createGrpcTransport({ baseUrl: server.url }));
      const time = nanosToTimestamp(BigInt(START_MS) * 1_000_000n);
      const evil = {
        time,
        service: "shop",
        severity: Severity.ERROR,
        message: "\u001b[2J evil\nline",
        attributes: { user: 8812 },
      };
      const slow = {
        time: nanosToTimestamp(BigInt(START_MS + 1) * 1_000_000n),
        service: "auth",
        severity: Severity.WARN,
        message: "slow login",
        http: { status: 504, latency: { seconds: 1n, nanos: 240_000_000 }, path: "/login" },
      };
      await ingest.write({ producerId: PRODUCER, records: [evil, slow] });
      const chain = Array.from({ length: CHAIN }, (_, at) => ({
        time: nanosToTimestamp(BigInt(START_MS) * 1_000_000n + BigInt(Math.floor(at / 10))),
        service: "chain",
        message: `link ${at}`,
      }));
      await ingest.write({ producerId: PRODUCER, firstSeq: 2n, records: chain });
      // Another record under a used identity: a dead letter.
      await ingest.write({ producerId: PRODUCER, records: [{ ...evil, message: "another" }] });
      const total = async (path: string) =>
        ((await (await fetch(server.url + path)).json()) as { total: number | string }).total;
      await eventually(
        async () => [await total("/v1/logs:histogram?query=service:chain"), await total("/v1/deadLetters")],
        ([records, letters]) => Number(records) === CHAIN && Number(letters) === 1,
      );
    });
    afterAll(async () => {
      await server?.stop();
      if (folder) rmSync(folder, { recursive: true });
    });

    describe("search", () => {
      it("shows a line for each record, and draws what a terminal would obey", async () => {
        const { code, out, err } = await run("search", "-l", "warn");
        expect(lines(out)).toEqual([
          expect.stringMatching(/^\S+ W auth {2}slow login {2}status=504 latency=1\.24s path=\/login$/),
          expect.stringMatching(/^\S+ E shop {2}␛\[2J evil␊line {2}user=8812$/),
        ]);
        expect([code, err]).toEqual([0, ""]);
      });

      it("has the exact text as JSON of the contract", async () => {
        const { out } = await run("search", "evil", "--json");
        expect(lines(out).map((line) => JSON.parse(line))).toEqual([
          expect.objectContaining({
            id: `${ID}-0`,
            record: expect.objectContaining({ message: "\u001b[2J evil\nline", severity: "SEVERITY_ERROR" }),
          }),
        ]);
      });

      it("stops at a limit and says so; all is all, in order, without holes", async () => {
        const some = await run("search", "-s", "chain", "--limit", "7", "--oldest-first");
        expect(lines(some.out)).toHaveLength(7);
        expect(some.err).toBe("-- the oldest 7 records; there are more: --limit N, --limit all\n");
        const links = async (...more: string[]) =>
          lines((await run("search", "-s", "chain", ...more)).out).map((line) => Number(line.split(" link ")[1]));
        const inOrder = Array.from({ length: CHAIN }, (_, at) => at);
        expect(await links("--limit", "all", "--oldest-first")).toEqual(inOrder);
        expect(await links("--limit", "all")).toEqual(inOrder.toReversed());
        expect(await links("--limit", "1000", "--oldest-first")).toEqual(inOrder);
      });

      it("shows the records around each", async () => {
        const { out } = await run("search", '"link 5"', "--context", "1");
        expect(lines(out).map((line) => line.replace(/\d\d:\S+ · chain {2}/, ""))).toEqual([
          "  link 4",
          "> link 5",
          "  link 6",
        ]);
      });

      it("tells with --exit-status whether there is any", async () => {
        expect(await run("search", "nothing-of-this", "--exit-status")).toEqual({ code: 1, out: "", err: "" });
        expect((await run("search", "nothing-of-this")).code).toBe(0);
        expect((await run("search", "evil", "--exit-status")).code).toBe(0);
      });

      it("shows where a query is wrong", async () => {
        expect(await run("search", "a", "status>=abc")).toEqual({
          code: 2,
          out: "",
          err: [
            "logpulse: the query cannot be read. status is a whole number, of 64 bits at most.",
            "  a status>=abc",
            "    ^^^^^^^^^^^",
            'Try: a "abc"   (Searches for the text abc.)',
            "",
          ].join("\n"),
        });
        expect((await run("search", "a", "status>=abc", "--limit", "all")).err).toContain("    ^^^^^^^^^^^\n");
        expect((await run("search", "a", "status>=abc", "--count")).err).toContain("    ^^^^^^^^^^^\n");
        expect((await run("tail", "a", "status>=abc")).err).toContain("    ^^^^^^^^^^^\n");
      });
    });

    describe("get", () => {
      it("shows one record with all of its fields", async () => {
        const { code, out } = await run("get", `${ID}-1`);
        expect(code).toBe(0);
        expect(out).toMatch(/^id {8}\w{32}-1$/m);
        expect(out).toMatch(/^level {5}WARN \(13\)$/m);
        expect(out).toMatch(/^latency {3}1\.24 s$/m);
      });

      it("fails for a record that is not stored, and for what is no identity", async () => {
        expect(await run("get", `${ID}-9999`)).toMatchObject({
          code: 1,
          out: "",
          err: expect.stringContaining("-9999"),
        });
        expect(await run("get", "x")).toMatchObject({ code: 2, out: "" });
      });
    });

    describe("dead", () => {
      it("lists and shows letters", async () => {
        const list = await run("dead", "list", "--reason", "conflict");
        expect(lines(list.out)).toEqual([
          expect.stringMatching(/^listed +state +store +reason +record +what the store said$/),
          expect.stringMatching(new RegExp(`open +${server.judge} +conflict +${ID}-0 +another record is stored`)),
        ]);
        expect((await run("dead", "list", "--reason", "other")).out).toBe("");
        const show = await run("dead", "show", `${ID}-0`);
        expect(show.out).toMatch(/^message +another$/m);
        const [letter] = lines((await run("dead", "list", "--json")).out).map((line) => JSON.parse(line));
        expect((await run("dead", "show", letter.key)).out).toBe(show.out);
        expect(await run("dead", "show", `${ID}-77`)).toMatchObject({ code: 1, out: "" });
      });

      it("counts before it replays, and does not where nobody can be asked", async () => {
        expect(await run("dead", "replay", "--dry-run")).toEqual({
          code: 0,
          out: "1 letter would be tried\n",
          err: "",
        });
        expect(await run("dead", "replay")).toMatchObject({
          code: 2,
          out: "",
          err: expect.stringContaining("--yes does it"),
        });
        expect(await run("dead", "replay", "--reason", "other")).toMatchObject({ code: 0 });
      });

      it("says what was refused again", async () => {
        const { code, out } = await run("dead", "replay", `${ID}-0`, "--yes");
        expect(code).toBe(6);
        expect(out).toMatch(new RegExp(`^refused again: ${ID}-0 {2}conflict`, "m"));
        expect(out).toMatch(/^1 tried · 0 stored · 0 stored before · 0 expired · 1 refused again$/m);
        const json = await run("dead", "replay", "--yes", "--json");
        expect(JSON.parse(json.out)).toMatchObject({ tried: "1", refused: "1" });
      });

      it.runIf(havePseudoTerminal())("asks on a terminal, and only yes is yes", async () => {
        for (const [answer, said] of [
          ["n\r", "nothing was tried"],
          ["\r", "nothing was tried"],
          ["yes\r", "1 refused again"],
        ] as const) {
          const terminal = inPseudoTerminal([process.execPath, LOGPULSE, "dead", "replay"], {
            env: environment(),
            columns: 200,
          });
          await terminal.until(({ text }) => text.includes("Try to store 1 letter? [y/N]"));
          terminal.type(answer);
          await terminal.until(({ text }) => text.includes(said));
          await terminal.ended;
        }
      });
    });

    it("profile names servers", async () => {
      expect((await run("profile", "list")).err).toContain("There are no profiles yet");
      expect((await run("profile", "set", "here", "--addr", server.address)).code).toBe(0);
      expect((await run("profile", "set", "gone", "--addr", "127.0.0.1:1")).code).toBe(0);
      expect((await run("profile", "use", "here")).code).toBe(0);
      expect((await run("profile", "list")).out).toBe(`* here  ${server.address}\n  gone  127.0.0.1:1\n`);
      const { LOGPULSE_ADDR: _, ...withoutAddress } = environment();
      expect((await logpulse(["search", "evil", "--count"], withoutAddress)).out).toBe("1\n");
      expect((await run("search", "evil", "--profile", "gone")).code).toBe(3);
      expect(await run("profile", "list", "extra")).toMatchObject({ code: 2, out: "" });
      expect((await run("profile", "use", "gone", "--addr", "127.0.0.1:2")).code).toBe(2);
      expect((await run("profile", "list")).out).toContain("* here");
      expect((await run("profile", "remove", "here")).code).toBe(0);
      expect((await run("profile", "use", "here")).err).toContain('there is no profile "here"; there are gone');
      const path = join(folder, "logpulse", "profiles.json");
      expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ addresses: { gone: "127.0.0.1:1" } });
    });

    describe.runIf(havePseudoTerminal())("on a terminal", () => {
      const inTerminal = (args: string[], env: Record<string, string> = {}) =>
        inPseudoTerminal([process.execPath, LOGPULSE, ...args], { env: { ...environment(), ...env }, columns: 120 });

      it("the letter of a level is coloured, and logs move nothing", async () => {
        const terminal = inTerminal(["search", "-l", "warn"]);
        await terminal.ended;
        expect(terminal.screen.text).toContain("E shop  ␛[2J evil␊line  user=8812");
        const [warn] = terminal.screen.lines;
        expect(terminal.screen.styleAt(0, warn!.indexOf(" W ") + 1)).toBe("33");
        expect(terminal.screen.styleOf("slow login")).toBe("");
        expect(terminal.screen.text).toMatch(/^-- 2 records from .+ to .+ \(UTC\)$/m);
        expect(terminal.screen.unknown).toEqual([]);
      });

      it.each([[{ NO_COLOR: "1" }], [{ TERM: "dumb" }]])("there are no colours with %j", async (env) => {
        const terminal = inTerminal(["search", "-l", "warn"], env);
        await terminal.ended;
        expect(terminal.output).toContain("slow login");
        expect(terminal.output).not.toContain("\u001b[");
      });
    });
  });
}
