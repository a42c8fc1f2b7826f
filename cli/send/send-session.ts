import { SEND_INTERRUPT_MS_MAX, SEND_PROGRESS_LINE_MS } from "../../services/domain/limits.ts";
import type { CommandContext } from "../command.ts";
import { CommandFailure, EXIT, type ExitCode } from "../exit-code.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import { fullCountText } from "../terminal/number-text.ts";
import { ProgressLine } from "../terminal/progress-line.ts";
import { OutputClosed } from "../terminal/terminal.ts";
import { Delivery, type DeliverySettings } from "./delivery.ts";
import { SendTotals } from "./send-totals.ts";
import type { SourceBatch, SourceEvents } from "./source-batches.ts";
import { linesText, plainTotals, progressText, type SendFacts, totalsLines, totalsObject } from "./totals-text.ts";

/** How a session is. */
export interface SessionSettings {
  silence: Omit<DeliverySettings, "address">;
  /** Whether people without a terminal are told now and then how far it is. */
  tellsProgress: boolean;
  /** Of the bytes that there are to read; undefined where nobody knows. */
  shareRead: () => number | undefined;
  /** As of Delivery. */
  onSettled?: (batch: SourceBatch) => void;
}

/** Those facts of a session that it does not know itself. */
export type SessionFacts = Omit<SendFacts, "ms">;

/** One call of `send`: what it delivers to, what it has counted, and how that is told. */
export class SendSession {
  readonly totals = new SendTotals();
  readonly delivery: Delivery;
  private readonly context: CommandContext;
  private readonly settings: SessionSettings;
  private readonly progress: ProgressLine;
  private readonly beganMs = performance.now();
  private isIncomplete = false;
  private isStopped = false;

  constructor(context: CommandContext, settings: SessionSettings) {
    this.context = context;
    this.settings = settings;
    this.progress = new ProgressLine(context.terminal, () => this.progressText());
    this.delivery = new Delivery({ address: context.connection.address, ...settings.silence }, this.totals, {
      say: (text) => this.say(text),
      onSettled: settings.onSettled,
    });
  }

  /** To people, on standard error. */
  say(text: string): void {
    this.progress.say(`-- ${drawnText(text)}`);
  }

  /** The same; the session will end as an incomplete one. */
  sayIncomplete(text: string): void {
    this.isIncomplete = true;
    this.say(text);
  }

  /** The same; the session will end as one that was interrupted. */
  sayStopped(text: string): void {
    this.isStopped = true;
    this.say(text);
  }

  /** Counts what becomes of the lines of a source as they are read, and tells the format that was chosen. */
  eventsOf(name: string): SourceEvents {
    const { totals } = this;
    return {
      onLines: (lines) => {
        totals.lines += lines;
      },
      onReject: (problem, place) => totals.reject(name, place, problem),
      onEmpty: (lines) => {
        totals.emptyLines += lines;
      },
      onDetected: ({ format, reason }) => this.say(`${name}: read as ${format.name} (${format.title}): ${reason}`),
    };
  }

  /**
   * Resolves when the work is done and everything is settled, or was given up, and the totals are told.
   *
   * @throws what the work or the delivery throws, unless that is since somebody has interrupted it.
   */
  async run(work: () => Promise<void>, facts: () => SessionFacts): Promise<ExitCode> {
    const stopTelling = this.tellNowAndThen();
    const stopWaiting = this.giveUpAfter(this.context.signal);
    let failure = await failureOf(work);
    const closing = await failureOf(() => this.delivery.close()); // What is on its way is settled, whatever the work ended with.
    failure ??= closing;
    stopTelling();
    stopWaiting();
    this.progress.end();
    const unprinted = await failureOf(() => this.printTotals({ ...facts(), ms: performance.now() - this.beganMs }));
    if (failure !== undefined && !isInterruption(failure)) throw failure;
    const code = this.exitCode(isInterruption(failure));
    // A closed output ends other commands well: they have nothing else to do.
    if (unprinted instanceof OutputClosed && code !== EXIT.done) throw new CommandFailure(code, this.untoldText);
    if (unprinted !== undefined) throw unprinted;
    return code;
  }

  private get untoldText(): string {
    const { keptLines, lines } = this.totals;
    return `nobody reads the totals: ${fullCountText(keptLines)} of ${linesText(lines)} are kept`;
  }

  private exitCode(wasInterrupted: boolean): ExitCode {
    const { unacknowledgedLines } = this.totals;
    if (wasInterrupted || this.isStopped || (this.context.signal.aborted && unacknowledgedLines > 0)) {
      return EXIT.interrupted;
    }
    if (unacknowledgedLines !== 0) throw new Error(`${unacknowledgedLines} lines have no outcome`);
    return this.totals.rejected.lines > 0 || this.isIncomplete ? EXIT.incomplete : EXIT.done;
  }

  /** What is on its way when somebody interrupts has a little time left. */
  private giveUpAfter(signal: AbortSignal): () => void {
    let timer: NodeJS.Timeout | undefined;
    const onAbort = () => {
      timer = setTimeout(() => this.delivery.giveUp(new Interrupted()), SEND_INTERRUPT_MS_MAX);
    };
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    return () => {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    };
  }

  private tellNowAndThen(): () => void {
    const { terminal } = this.context;
    if (terminal.err.isTty || !this.settings.tellsProgress) return () => {};
    const timer = setInterval(() => this.say(this.progressText()), SEND_PROGRESS_LINE_MS);
    return () => clearInterval(timer);
  }

  private progressText(): string {
    return progressText(this.totals, { ms: performance.now() - this.beganMs, shareRead: this.settings.shareRead() });
  }

  private async printTotals(facts: SendFacts): Promise<void> {
    const { terminal } = this.context;
    for (const line of this.textOf(facts)) await terminal.print(line);
    await terminal.flush();
  }

  private textOf(facts: SendFacts): readonly string[] {
    const { isJson, isPlain } = this.context.terminal;
    if (isJson) return [JSON.stringify(totalsObject(this.totals, facts))];
    return (isPlain ? plainTotals : totalsLines)(this.totals, facts);
  }
}

/** Why a delivery was given up, where that is since somebody has interrupted it. */
class Interrupted extends CommandFailure {
  constructor() {
    super(EXIT.interrupted, "interrupted before everything was acknowledged");
  }
}

/** What it throws; undefined where it succeeds. */
async function failureOf(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (reason) {
    return reason;
  }
}

function isInterruption(reason: unknown): boolean {
  return reason instanceof Interrupted;
}
