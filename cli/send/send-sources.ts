import { SEND_FIRST_ANSWER_MS_MAX, SEND_INTERRUPT_MS_MAX, SEND_PRODUCER_MS_MAX } from "../../services/domain/limits.ts";
import type { LineContext } from "../../services/domain/lines/line-format.ts";
import { lineFormat } from "../../services/domain/lines/line-formats.ts";
import type { CommandContext } from "../command.ts";
import type { ExitCode } from "../exit-code.ts";
import { type ByteSource, openFileSource, sizeOfSource, streamSource } from "./byte-source.ts";
import { SourceCutOff } from "./gunzip-chunks.ts";
import { lineContext } from "./line-context.ts";
import { newProducer, producerTimeMs } from "./producers.ts";
import { type SendOptions, STANDARD_INPUT } from "./send-options.ts";
import { SendSession, type SessionFacts } from "./send-session.ts";
import { type SourceBatch, SourceBatches } from "./source-batches.ts";
import { pumpSource } from "./source-pump.ts";
import { producerText } from "./totals-text.ts";

/** Sends sources one after the other, each from its beginning to its end, and tells what became of them. */
export async function sendSources(options: SendOptions, context: CommandContext): Promise<ExitCode> {
  return new SourcesRun(options, context, await sizesOf(options.sources)).run();
}

/** In bytes, of each; undefined where nobody knows. @throws CommandFailure before anything is sent, where one cannot be read. */
async function sizesOf(sources: readonly string[]): Promise<(number | undefined)[]> {
  const sizes: (number | undefined)[] = [];
  for (const name of sources) sizes.push(name === STANDARD_INPUT ? undefined : await sizeOfSource(name));
  return sizes;
}

class SourcesRun {
  private readonly options: SendOptions;
  private readonly context: CommandContext;
  private readonly session: SendSession;
  private readonly sizes: readonly (number | undefined)[];
  private readonly formats = new Set<string>();
  private readonly producers = new Set<string>();
  private producer: string;
  private nextSeq = 0; // Over all sources.
  private current: ByteSource | undefined;
  private bytesBefore = 0; // Of the sources before the current one.

  constructor(options: SendOptions, context: CommandContext, sizes: readonly (number | undefined)[]) {
    this.options = options;
    this.context = context;
    this.sizes = sizes;
    this.producer = options.producer ?? newProducer(context.nowMs());
    this.session = new SendSession(context, {
      silence: {
        firstAnswerMsMax: options.timeoutMs ?? SEND_FIRST_ANSWER_MS_MAX,
        silentMsMax: options.timeoutMs,
      },
      tellsProgress: true,
      shareRead: () => this.shareRead,
    });
  }

  run(): Promise<ExitCode> {
    const work = async () => {
      for (const name of this.options.sources) {
        if (!(await this.sendSource(name))) return;
      }
    };
    return this.session.run(work, () => this.facts);
  }

  private get facts(): SessionFacts {
    const { sources } = this.options;
    const [format] = this.formats.size === 1 ? this.formats : [];
    const [producer] = this.producers.size === 1 ? this.producers : [];
    return { sources: sources.length, producer, format, isRepeatable: !sources.includes(STANDARD_INPUT) };
  }

  private get shareRead(): number | undefined {
    let all = 0;
    for (const size of this.sizes) {
      if (size === undefined) return undefined;
      all += size;
    }
    return all === 0 ? undefined : (this.bytesBefore + (this.current?.bytesRead ?? 0)) / all;
  }

  /** Resolves to whether the next one is to follow. */
  private async sendSource(name: string): Promise<boolean> {
    const isInput = name === STANDARD_INPUT;
    const source = isInput ? streamSource("standard input", process.stdin) : await openFileSource(name);
    this.current = source;
    const lineCount = this.session.totals.lines;
    try {
      const wasRead = await this.pump(source, isInput);
      const isLast = name === this.options.sources.at(-1);
      if (!wasRead && !(isInput && isLast)) {
        this.session.sayStopped(
          `${source.name}: stopped behind line ${this.session.totals.lines - lineCount}; the rest was not read`,
        );
      }
      return wasRead;
    } catch (reason) {
      if (!(reason instanceof SourceCutOff)) throw reason;
      this.session.sayIncomplete(
        `${source.name}: ${reason.message}; ${this.session.totals.lines - lineCount} lines were read`,
      );
      return true;
    } finally {
      this.bytesBefore += source.bytesRead;
      this.current = undefined;
      await source.close();
    }
  }

  private async pump(source: ByteSource, isInput: boolean): Promise<boolean> {
    const { options, session } = this;
    const { nowMs } = this.context;
    const signal = isInput ? abortedLater(this.context.signal, SEND_INTERRUPT_MS_MAX / 2) : this.context.signal;
    const context = lineContext(options.service, this.context);
    const batches = this.batchesOf(source.name, context);
    const isFree = isInput && options.producer === undefined; // Nobody can send the same again.
    const send = async (batch: SourceBatch) => {
      this.tellProducer(batch.position.producer);
      await session.delivery.send(batch);
    };
    const onChunk = () => {
      context.nowMs = nowMs();
      return isFree ? this.renewLate(batches, context.nowMs) : [];
    };
    try {
      return await pumpSource({ source, batches, send, signal, mayEndByTime: isFree, onChunk });
    } finally {
      this.nextSeq = batches.nextSeq;
      if (batches.format) this.formats.add(batches.format.name);
    }
  }

  /** Before anything is handed over: whoever kills us has no totals to read it from. */
  private tellProducer(producer: string): void {
    const isFirst = this.producers.size === 0;
    this.producers.add(producer);
    const { isRepeatable } = this.facts;
    if (isFirst && isRepeatable && this.options.producer === undefined)
      this.session.say(`producer ${producerText(producer, { isRepeatable })}`);
  }

  private batchesOf(name: string, context: LineContext): SourceBatches {
    const { format, strict, recordsPerBatch } = this.options;
    const reading = {
      name,
      format: format && lineFormat(format),
      strict,
      context,
      position: { offset: 0, lines: 0, memory: [], producer: this.producer, seq: this.nextSeq },
      marks: [],
      recordsMax: recordsPerBatch,
    };
    return new SourceBatches(reading, this.session.eventsOf(name));
  }

  /** A stream may go on for weeks, and a producer lives for a day. */
  private renewLate(batches: SourceBatches, nowMs: number): SourceBatch[] {
    const isLate = nowMs - producerTimeMs(this.producer) > SEND_PRODUCER_MS_MAX;
    if (!isLate || batches.renewalPlace === undefined) return [];
    this.producer = newProducer(nowMs);
    return batches.renew(this.producer);
  }
}

/**
 * Aborted so long after that one. Ctrl-C ends the programs before us in a pipe too: what they write as they end is read, and
 * half of the time is left for sending it.
 */
function abortedLater(signal: AbortSignal, ms: number): AbortSignal {
  const later = new AbortController();
  const onAbort = () => setTimeout(() => later.abort(), ms).unref();
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return later.signal;
}
