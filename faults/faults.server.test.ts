import { describe, expect, it } from "vitest";
import { haveServers } from "../stack/have-servers.ts";
import { realServers } from "../tests/real-servers.ts";
import { faultOf } from "./runs/registry.ts";
import { runFault } from "./scene/run-fault.ts";

const servers = realServers();
const RECORDS = 3_000;
const SEED = 20_261_121;
const RUN_MS_MAX = 150_000;

/** A short selection of `npm run faults`, always with the same seed. */
describe.runIf(servers && haveServers("envoy"))("under faults nothing is lost, doubled, invented or changed", () => {
  it.each(["client-retries", "worker-kill-after-store", "elasticsearch-429", "topic-replay"])(
    "%s",
    async (name) => {
      const told: string[] = [];
      const settings = { records: RECORDS, seed: SEED, times: 1, tell: (sentence: string) => told.push(sentence) };
      const { problems, check } = await runFault(faultOf(name), servers!, settings);
      expect(problems, told.join("\n")).toEqual([]);
      expect(check.acked + check.rejected).toBe(RECORDS);
    },
    RUN_MS_MAX,
  );
});
