import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";

const ACCESS_LOG = join(import.meta.dirname, "..", "..", "shared", "data", "apache_access.log");
const UPLOAD = join(import.meta.dirname, "..", "clients", "upload-apache-log.ts");

const haveFile = existsSync(ACCESS_LOG);
if (!haveFile) {
  const message = "SKIPPED: apache_access.log with 10,000 real access lines is not beside this repository";
  if (process.env.CI) throw new Error(message);
  console.warn(message);
}

/** What becomes of a real file. */
export function accessLogContract(mode: string, start: StartInstallation): void {
  describe.runIf(haveFile)(
    `10,000 real access lines, uploaded by gRPC client streaming, ${mode}`,
    { timeout: 60_000 },
    () => {
      let logpulse: Installation;
      let producer = "";

      const identities = () => Promise.all(logpulse.stores.map((store) => store.identities()));
      const untilAllHold = (records: number) =>
        eventually(identities, (each) => each.every((ids) => ids.length >= records), 60_000);
      const upload = (...more: string[]) =>
        execFileSync(process.execPath, [UPLOAD, ACCESS_LOG, "--addr", logpulse.address, ...more], { encoding: "utf8" });

      beforeAll(async () => {
        logpulse = await start();
        const output = upload();
        expect(output).toMatch(/^10000 accepted, 0 rejected, 0 lines of another form\n/);
        producer = /producer ([0-9a-f]{32})/.exec(output)![1]!;
        await untilAllHold(10_000);
      });
      afterAll(async () => {
        await logpulse?.stop();
      });

      it("each is in each store once, by its identity", async () => {
        const sent = Array.from({ length: 10_000 }, (_, seq) => `${producer}-${seq}`).sort();
        for (const ids of await identities()) expect(ids.sort()).toEqual(sent);
      });

      it("uploaded again, adds nothing", async () => {
        upload("--producer", producer, "--batch", "333");
        const marker = upload("--batch", "5000");
        await untilAllHold(20_000);
        expect(marker).toMatch(/^10000 accepted/);
        for (const ids of await identities()) {
          expect(ids).toHaveLength(20_000);
          expect(new Set(ids).size).toBe(20_000);
          expect(ids.filter((id) => id.startsWith(producer))).toHaveLength(10_000);
        }
      });

      it("has the counts per status that awk finds", async () => {
        const awk = execFileSync(
          "awk",
          ["{ count[$9]++ } END { for (status in count) print status, count[status] }", ACCESS_LOG],
          { encoding: "utf8" },
        );
        const expected = Object.fromEntries(
          awk
            .trim()
            .split("\n")
            .map((row) => row.split(" ").map(Number) as [number, number]),
        );
        for (const store of logpulse.stores) expect(await store.statusCounts(producer)).toEqual(expected);
        const answer = await fetch(`${logpulse.url}/logs?status=404&limit=1`);
        expect(await answer.json()).toMatchObject({ meta: { total: 2 * expected[404]! } });
      });

      it("comes back byte for byte, and is found by its words", async () => {
        const first = execFileSync("head", ["-1", ACCESS_LOG], { encoding: "utf8" }).trimEnd();
        const byId = await (await fetch(`${logpulse.url}/v1/logs/${producer}-0`)).json();
        expect(byId).toMatchObject({
          log: { record: { message: first, service: "apache", http: { status: 200, responseBytes: "203023" } } },
        });
        const query = `phrase=${encodeURIComponent("kibana-search.png")}&service=apache&pageSize=1000`;
        const answer = await fetch(`${logpulse.url}/v1/logs:search?${query}`);
        const found = (await answer.json()) as { logs: { record: { message: string } }[] };
        expect(found.logs.map((log) => log.record.message)).toContain(first);
      });
    },
  );
}
