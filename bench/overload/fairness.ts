import { INSTALLATIONS } from "../installations/start.ts";
import { dataHash } from "../load/bodies.ts";
import { choice, readOptions, type Told } from "../measure/options.ts";
import { publish, reportHead, table } from "../measure/report.ts";
import { interleaved, type Side } from "../measure/rounds.ts";
import { type Spread, spread } from "../measure/spread.ts";
import { Contender, HONEST_CLIENTS, HONEST_SHARE, type Round } from "./contender.ts";
import { leastShareKept } from "./least-share-kept.ts";

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

const ALONE = "without the greedy client";
const BESIDE = "beside it";

/**
 * 63 clients within their limit and one at 20 times its limit, each from its own address: what the 63 keep of their goodput.
 * In turns with the same on an installation that has no limiter, which tells whether there was anything to protect them
 * from: with a `--limit` at which all together are within what it takes, they keep theirs anyway. With one at which the 63
 * alone are too much, nothing is told of either; `honestAloneInTime` shows that.
 */
export async function benchFairness(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("overload fairness", args, OPTIONS);
  if (options.limit < options.recordsPerCall) throw new Error("--limit must not be less than --batch");
  const contenders = await startContenders(options);
  try {
    for (const contender of contenders) await contender.warmUp();
    const found = await interleaved(contenders.flatMap(sidesOf), options.rounds, (name, round) =>
      console.error(`${name}: honest p99 ${round.honestAcknowledgedMs.p99} ms, ${sumOf(round.honest).inTime} in time`),
    );
    const [limited, unlimited] = contenders.map(
      ({ name }): Measured => ({ alone: found.get(`${name}, ${ALONE}`)!, beside: found.get(`${name}, ${BESIDE}`)! }),
    ) as [Measured, Measured];
    const report = {
      ...reportHead(command, {
        honestGoodput: { what: WHAT, target: TARGET, ...leastKept(limited) },
        honestGoodputUnlimited: { what: `${WHAT}, with no limiter`, ...leastKept(unlimited) },
      }),
      dataSha256: dataHash(options.recordsPerCall),
      load: { ...options, honestClients: HONEST_CLIENTS, honestShare: HONEST_SHARE, greedyTimes: GREEDY_TIMES },
      honestAloneInTime: inTimeShare([...limited.alone, ...unlimited.alone]),
      greedyAdmittedOfLimit: admittedOfLimit(limited.beside, options),
      limited,
      unlimited,
      kept: await Promise.all(contenders.map((contender) => contender.kept())),
    };
    publish(report, [tableOf(found)], files.report);
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

/** Rounds with and without the greedy client, each as often. */
interface Measured {
  alone: Round[];
  beside: Round[];
}

async function startContenders(options: Options): Promise<Contender[]> {
  const limits = {
    LOGPULSE_RATE_LIMIT: "on",
    LOGPULSE_RATE_PER_SECOND: String(options.limit),
    LOGPULSE_RATE_BURST: String(options.limit * BURST_SECONDS),
  };
  const limited = await Contender.start("limited", options, limits);
  try {
    return [limited, await Contender.start("no limiter", options, { LOGPULSE_RATE_LIMIT: "off" })];
  } catch (reason) {
    await limited.stop();
    throw reason;
  }
}

function sidesOf(contender: Contender): Side<Round>[] {
  const { name } = contender;
  return [
    { name: `${name}, ${ALONE}`, round: () => contender.round(0) },
    { name: `${name}, ${BESIDE}`, round: () => contender.round(GREEDY_TIMES) },
  ];
}

/** Of the honest clients' calls: 1 where all were acknowledged in time. */
function inTimeShare(rounds: readonly Round[]): Spread {
  return spread(
    rounds.map(({ honest }) => sumOf(honest).inTime / sumOf(honest).offered),
    3,
  );
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

function tableOf(found: ReadonlyMap<string, Round[]>): string {
  const rows = [...found].flatMap(([side, rounds]) =>
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
      "63 honest clients",
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
