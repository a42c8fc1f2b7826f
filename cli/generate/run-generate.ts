import { randomInt } from "node:crypto";
import { CALL_MS_DEFAULT, CALL_MS_MAX, CALL_MS_MIN, GENERATE_END_MS_MAX } from "../../services/domain/limits.ts";
import { pause } from "../call-retries.ts";
import type { CommandContext } from "../command.ts";
import { CommandFailure, EXIT, type ExitCode } from "../exit-code.ts";
import { durationOption } from "../option-values.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import { ProgressLine } from "../terminal/progress-line.ts";
import { type GenerateSettings, readGenerateSettings } from "./generate-settings.ts";
import { LoadRun } from "./load-run.ts";
import type { LoadTarget } from "./load-target.ts";
import { LoadTotals } from "./load-totals.ts";
import { makeTarget } from "./make-target.ts";
import { OpenLoop } from "./open-loop.ts";
import { plainTotals, progressText, type RunFacts, totalsLines, totalsObject } from "./totals-text.ts";

const SEEDS = 2 ** 32;
const CLOCK = { nowMs: () => performance.now(), sleep: pause };

/** Runs `logpulse generate`: sends until the schedule is over or Ctrl-C, then tells what became of everything. */
export async function runGenerate(context: CommandContext): Promise<ExitCode> {
  const { options, environment, connection, terminal, signal } = context;
  const settings = readGenerateSettings(options, environment, connection.address);
  const timeoutMs = durationOption(options, "timeout", CALL_MS_MIN, CALL_MS_MAX) ?? CALL_MS_DEFAULT;
  const seed = settings.seed ?? randomInt(SEEDS);
  const target = makeTarget(settings, seed, timeoutMs);
  const totals = new LoadTotals();
  const began = performance.now();
  const facts = (): RunFacts => ({ target: target.name, seed, ms: performance.now() - began });
  const progress = new ProgressLine(terminal, () =>
    progressText(totals, { ms: facts().ms, of: shareDone(settings, totals, facts()) }),
  );
  try {
    await sendAll(settings, target, totals, progress, signal);
  } finally {
    progress.end();
    target.close();
  }
  if (terminal.isJson) await terminal.print(JSON.stringify(totalsObject(totals, facts())));
  else for (const line of (terminal.isPlain ? plainTotals : totalsLines)(totals, facts())) await terminal.print(line);
  return totals.exitCode(signal.aborted);
}

/** @throws CommandFailure where there is no server at all. */
async function sendAll(
  settings: GenerateSettings,
  target: LoadTarget,
  totals: LoadTotals,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const ending = new Ending(signal, () => target.close());
  let noServer: CommandFailure | undefined;
  const run = new LoadRun(target, settings, totals, {
    clock: CLOCK,
    wallMs: Date.now,
    random: Math.random,
    stop: ending.stop,
    onTrouble: ({ kind, name, reason }) =>
      progress.say(`-- ${name}: ${drawnText(reason)}${kind === "later" ? "; such requests are sent again" : ""}`),
    onUnreachable: ({ reason }) => {
      noServer ??= unreachable(settings.target, reason);
      ending.now();
    },
  });
  try {
    await new OpenLoop(scheduleOf(settings), run, CLOCK).run(ending.stop);
  } finally {
    ending.done();
  }
  if (noServer) throw noServer;
}

function scheduleOf({ requestsPerSecond, recordsPerRequest, recordsMax, durationMs }: GenerateSettings) {
  const requestsMax = recordsMax === undefined ? undefined : Math.ceil(recordsMax / recordsPerRequest);
  return { requestsPerSecond, requestsMax, durationMs };
}

/** Of what ends first; undefined where only Ctrl-C will. */
function shareDone({ recordsMax, durationMs }: GenerateSettings, totals: LoadTotals, { ms }: RunFacts) {
  const shares = [recordsMax && totals.records / recordsMax, durationMs && ms / durationMs];
  const known = shares.filter((share) => share !== undefined);
  return known.length > 0 ? Math.min(1, Math.max(...known)) : undefined;
}

function unreachable(target: URL, reason: string): CommandFailure {
  return new CommandFailure(
    EXIT.unreachable,
    `nothing can be reached at ${target.host}: ${reason}`,
    "`npm start` in the folder of LogPulse starts one; --addr, LOGPULSE_ADDR or TARGET_API_URL name another.",
  );
}

/** A run ends in two steps: nothing more is begun, or tried again; later, what is on its way is not waited for. */
class Ending {
  private readonly signal: AbortSignal;
  private readonly stopping = new AbortController();
  private readonly cut: () => void;
  private timer: NodeJS.Timeout | undefined;
  private readonly begin = () => {
    this.stopping.abort();
    this.timer = setTimeout(this.cut, GENERATE_END_MS_MAX);
  };

  /** `signal`: begins it. `cut`: ends what is on its way. */
  constructor(signal: AbortSignal, cut: () => void) {
    this.signal = signal;
    this.cut = cut;
    if (signal.aborted) this.begin();
    else signal.addEventListener("abort", this.begin);
  }

  get stop(): AbortSignal {
    return this.stopping.signal;
  }

  /** Both steps at once. */
  now(): void {
    this.stopping.abort();
    this.cut();
  }

  /** All is over: nothing of it happens any more. */
  done(): void {
    clearTimeout(this.timer);
    this.signal.removeEventListener("abort", this.begin);
  }
}
