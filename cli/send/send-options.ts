import {
  CALL_MS_MAX,
  CALL_MS_MIN,
  RECORDS_PER_BATCH_MAX,
  SEND_BATCH_RECORDS_DEFAULT,
  SEND_DRY_RUN_LINES_MAX,
  SEND_DRY_RUN_RECORDS_DEFAULT,
  SEND_FILES_MAX,
  SERVICE_BYTES_MAX,
} from "../../services/domain/limits.ts";
import { LINE_FORMAT_NAMES, type LineFormatName } from "../../services/domain/lines/line-format.ts";
import { nearestName } from "../../services/domain/nearest-name.ts";
import type { OptionValues } from "../command.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { durationOption, textOption, wholeNumberOption, wrongValue } from "../option-values.ts";

/** What `--format` takes. */
export const FORMAT_CHOICES = ["auto", ...LINE_FORMAT_NAMES] as const;

/** The word for standard input. */
export const STANDARD_INPUT = "-";

/** What the command line of `send` says. */
export interface SendOptions {
  /** Paths, or STANDARD_INPUT; one at least. */
  sources: readonly string[];
  service: string;
  /** Undefined: it is chosen by the first lines of each source. */
  format: LineFormatName | undefined;
  strict: boolean;
  follow: boolean;
  positionFile: string | undefined;
  /** 32 hexadecimal digits. */
  producer: string | undefined;
  recordsPerBatch: number;
  /** How many records a dry run shows; undefined where it is none. */
  dryRunRecords: number | undefined;
  /** How long the server may be away; undefined where nothing was said of it. */
  timeoutMs: number | undefined;
}

/** @throws CommandFailure that names what does not fit, and what would. */
export function readSendOptions(options: OptionValues, words: readonly string[], isInputTty: boolean): SendOptions {
  const read: SendOptions = {
    sources: readSources(words, isInputTty),
    service: readService(textOption(options, "service")),
    format: readFormat(textOption(options, "format")),
    strict: options.strict === true,
    follow: options.follow === true,
    positionFile: textOption(options, "position-file"),
    producer: readProducer(textOption(options, "producer")),
    recordsPerBatch: wholeNumberOption(options, "batch", 1, RECORDS_PER_BATCH_MAX) ?? SEND_BATCH_RECORDS_DEFAULT,
    dryRunRecords: readDryRun(options),
    timeoutMs: durationOption(options, "timeout", CALL_MS_MIN, CALL_MS_MAX),
  };
  checkTogether(read);
  return read;
}

function readSources(words: readonly string[], isInputTty: boolean): readonly string[] {
  if (words.length > SEND_FILES_MAX)
    throw usage(`these are ${words.length} files; at most ${SEND_FILES_MAX} go at once`);
  if (words.length > 0) {
    if (words.filter((word) => word === STANDARD_INPUT).length > 1) throw usage("standard input can be read only once");
    return words;
  }
  if (isInputTty)
    throw usage("which file is to be sent?", "logpulse send app.log -s app, or: app | logpulse send -s app");
  return [STANDARD_INPUT];
}

function readService(service: string | undefined): string {
  if (service === undefined || service === "") {
    throw usage("of which service are these lines?", "-s NAME says it, for lines that do not say it themselves.");
  }
  const bytes = Buffer.byteLength(service);
  if (bytes <= SERVICE_BYTES_MAX) return service;
  throw usage(`--service has ${bytes} bytes; it may have ${SERVICE_BYTES_MAX}`);
}

function readFormat(name: string | undefined): LineFormatName | undefined {
  if (name === undefined || name === "auto") return undefined;
  const format = LINE_FORMAT_NAMES.find((each) => each === name);
  if (format) return format;
  const meant = nearestName(name, FORMAT_CHOICES);
  const question = meant ? `; did you mean ${meant}?` : "";
  throw usage(`--format is "${name}"; it must be one of ${FORMAT_CHOICES.join(", ")}${question}`);
}

function readProducer(producer: string | undefined): string | undefined {
  if (producer === undefined) return undefined;
  const hex = producer.toLowerCase();
  // Version 7 and the RFC's variant (RFC 9562 §5.7).
  if (/^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(hex)) return hex;
  throw wrongValue("producer", producer, "a UUIDv7 as 32 hexadecimal digits, as logpulse send prints it");
}

function readDryRun(options: OptionValues): number | undefined {
  const records = wholeNumberOption(options, "show", 0, SEND_DRY_RUN_LINES_MAX);
  if (options["dry-run"] === true) return records ?? SEND_DRY_RUN_RECORDS_DEFAULT;
  if (records !== undefined) throw usage("--show says how much --dry-run shows, and that is not there");
  return undefined;
}

function checkTogether({ follow, sources, positionFile, producer, dryRunRecords }: SendOptions): void {
  if (follow && sources.includes(STANDARD_INPUT)) {
    throw usage(
      "standard input cannot be followed: it has no place to go on from",
      "Without --follow it is read to its end.",
    );
  }
  if (follow && producer !== undefined)
    throw usage("--follow keeps its producers in the position file: leave out --producer");
  if (!follow && positionFile !== undefined) throw usage("--position-file is for --follow, and that is not there");
  if (follow && dryRunRecords !== undefined) throw usage("--dry-run looks at the first lines: leave out --follow");
}

function usage(message: string, advice?: string): CommandFailure {
  return new CommandFailure(EXIT.usage, message, advice ?? "`logpulse send --help` shows what it takes.");
}
