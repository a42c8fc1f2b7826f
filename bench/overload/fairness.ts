import { join } from "node:path";
import { startRedis } from "../../stack/redis.ts";
import { INSTALLATIONS, startInstallation } from "../installations/start.ts";
import { dataHash } from "../load/bodies.ts";
import type { FairnessLoad, FairnessLoadResult } from "../load/fairness-load.ts";
import { runScript } from "../measure/child.ts";
import { allOf, type Identities, ledgerOf, requireKeptOnce } from "../measure/identities.ts";
import { choice, readOptions, type Told } from "../measure/options.ts";
import { publish, reportHead, table } from "../measure/report.ts";
import { interleaved, type Side } from "../measure/rounds.ts";
import { type Spread, spread } from "../measure/spread.ts";
import { leastShareKept } from "./least-share-kept.ts";

const LOAD = join(import.meta.dirname, "..", "load", "fairness-load.ts");
const HONEST_CLIENTS = 63;
const HONEST_SHARE = 0.8; // Of their limit.
const GREEDY_TIMES = 20; // Its limit.
const BURST_SECONDS = 2; // What a rested client may send at once, in seconds of its rate.
const TARGET = 0.95;

const OPTIONS = {
  mode: choice("mode", "ingest", INSTALLATIONS),
  recordsPerCall: { option: "batch", usual: 20, min: 1, max: 1_000 },
  /** Records a second that each client may send. */
  limit: { option: "limit", usual: 500, min: 1, max: 100_000 },
  seconds: { option: "seconds", usual: 20, min: 1, max: 300 },
  rounds: { option: "rounds", usual: 2, min: 1, max: 20 },
  warmUpSeconds: { option: "warm-up", usual: 2, min: 0, max: 600 },
  seed: { option: "seed", usual: 1, min: 0, max: 1_000_000 },
};
type Options = Told<typeof OPTIONS>;

type Round = Omit<FairnessLoadResult, "acknowledged">;

const ALONE = "without the greedy client";
const BESIDE = "beside it";

/**
 * 63 clients within their limit and one at 20 times its limit, each from its own address: what the 63 keep of their goodput.
 * The same with no limiter, which tells whether there was anything to protect them from: with a `--limit` at which all
 * together are within what the installation takes, they keep theirs anyway.
 */
export async function benchFairness(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("overload fairness", args, OPTIONS);
  if (options.limit < options.recordsPerCall) throw new Error("--limit must not be less than --batch");
  const limited = await measured(options, {
    LOGPULSE_RATE_LIMIT: "on",
    LOGPULSE_RATE_PER_SECOND: String(options.limit),
    LOGPULSE_RATE_BURST: String(options.limit * BURST_SECONDS),
  });
  const unlimited = await measured(options, { LOGPULSE_RATE_LIMIT: "off" });
  const report = {
    ...reportHead(command, {
      honestGoodput: { what: WHAT, target: TARGET, ...leastKept(limited) },
      honestGoodputUnlimited: { what: `${WHAT}, with no limiter`, ...leastKept(unlimited) },
    }),
    dataSha256: dataHash(options.recordsPerCall),
    load: { ...options, honestClients: HONEST_CLIENTS, honestShare: HONEST_SHARE, greedyTimes: GREEDY_TIMES },
    limited,
    unlimited,
    greedyAdmittedOfLimit: admittedOfLimit(limited.beside, options),
  };
  publish(report, [tableOf("limited", limited), tableOf("no limiter", unlimited)], files.report);
}

/** Rounds with and without the greedy client, each as often. */
interface Measured {
  alone: Round[];
  beside: Round[];
  kept: ReturnType<typeof requireKeptOnce>;
}

/** Of a new installation with these settings. */
async function measured(options: Options, settings: Record<string, string>): Promise<Measured> {
  const redis = await startRedis();
  const { installation, stop } = await startInstallation(options.mode, {
    ...settings,
    ...(options.mode === "full" ? {} : { REDIS_URL: redis.url }), // The full mode has a Redis of its own.
  });
  try {
    const acknowledged: Identities[] = [];
    const run = async (seconds: number, greedyTimes: number, seed: number): Promise<Round> => {
      const load = loadOf(options, installation.address, seconds, greedyTimes, seed);
      const { acknowledged: noted, ...rest } = await runScript<FairnessLoadResult>(LOAD, load);
      acknowledged.push(noted);
      await installation.settle();
      return rest;
    };
    const side = (name: string, greedyTimes: number): Side<Round> => ({
      name,
      round: () => run(options.seconds, greedyTimes, options.seed),
    });
    await run(options.warmUpSeconds, 0, options.seed + 1);
    const found = await interleaved([side(ALONE, 0), side(BESIDE, GREEDY_TIMES)], options.rounds, (name, round) =>
      console.error(
        `${name}: honest p99 ${round.honestAcknowledgedMs.p99} ms, ${sumOf(round.honest).inTime} calls in time`,
      ),
    );
    const kept = requireKeptOnce(ledgerOf(allOf(acknowledged), await installation.kept()));
    return { alone: found.get(ALONE)!, beside: found.get(BESIDE)!, kept };
  } finally {
    await stop();
    await redis.remove();
  }
}

function loadOf(
  { limit, recordsPerCall }: Options,
  address: string,
  seconds: number,
  greedyTimes: number,
  seed: number,
): FairnessLoad {
  return {
    address,
    honestClients: HONEST_CLIENTS,
    honestCallsPerSecond: (HONEST_SHARE * limit) / recordsPerCall,
    greedyCallsPerSecond: (greedyTimes * limit) / recordsPerCall,
    recordsPerCall,
    seconds,
    seed,
  };
}

function leastKept({ alone, beside }: Measured): Spread {
  return spread(
    beside.map((round, index) => leastShareKept(round.honest, alone[index]!.honest)),
    3,
  );
}

const WHAT =
  "the honest client that keeps least: its calls acknowledged within a second, beside the greedy one / without it";

function sumOf(honest: Round["honest"]): { offered: number; inTime: number } {
  return honest.reduce(
    (sum, { offered, inTimeCalls }) => ({ offered: sum.offered + offered, inTime: sum.inTime + inTimeCalls }),
    { offered: 0, inTime: 0 },
  );
}

/** What the greedy client got, as a share of what its limit and its burst let through. */
function admittedOfLimit(beside: readonly Round[], { recordsPerCall, limit, seconds }: Options): Spread {
  return spread(
    beside.map(({ greedy }) => (greedy.acknowledgedCalls * recordsPerCall) / (limit * (seconds + BURST_SECONDS))),
    3,
  );
}

function tableOf(name: string, { alone, beside }: Measured): string {
  const rows = Object.entries({ [ALONE]: alone, [BESIDE]: beside }).flatMap(([side, rounds]) =>
    rounds.map((round) => {
      const honest = sumOf(round.honest);
      const { p50, p99, max } = round.honestAcknowledgedMs;
      const { offered, acknowledgedCalls, refused } = round.greedy;
      const waits = `${round.greedyWaitsMs.p50} / ${round.greedyWaitsMs.max} (${round.greedyRefusedWithoutWait})`;
      return [
        side,
        `${honest.inTime} of ${honest.offered}`,
        `${p50} / ${p99} / ${max}`,
        offered === 0 ? "" : `${acknowledgedCalls} of ${offered}`,
        offered === 0
          ? ""
          : Object.entries(refused)
              .map(([code, count]) => `code ${code}: ${count}`)
              .join(", "),
        offered === 0 ? "" : waits,
        round.sentLateMs.p99,
      ];
    }),
  );
  return table(
    [
      `63 honest clients, ${name}`,
      "their calls acknowledged within a second",
      "after p50 / p99 / max, ms",
      "the greedy one's",
      "its refusals",
      "told waits, p50 / max, ms (without)",
      "load late at p99, ms",
    ],
    rows,
  );
}
