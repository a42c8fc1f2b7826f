import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import { type AttributeLeaf, attributeLeaves } from "./attribute-leaves.ts";
import type { NumberField, TextField } from "./condition.ts";
import type { RecordColumns } from "./record-columns.ts";
import { durationToNanos } from "./record-time.ts";
import { effectiveSeverity } from "./severity.ts";
import { readStruct } from "./struct-bytes.ts";
import { wordsOf } from "./words.ts";

/** Where a matched record comes from: a StoredRecord and a LoggedRecord are both. */
export interface MatchedSource {
  readonly seq: number;
  /** May decode the record when it is read. */
  readonly record: LogRecord;
  /** What can be read without decoding the record, where there is a way. */
  readonly columns?: RecordColumns;
  /** True where reading `record` costs nothing any more. */
  readonly isDecoded?: boolean;
}

/**
 * A record as matchers look at it. What a condition asks for is read, decoded or cut into words when the first one asks,
 * and once for all that ask: make one of these per record and hand it to every matcher.
 */
export class MatchedRecord {
  /** The producer id as 32 hexadecimal digits. */
  readonly producer: string;
  readonly seq: number;
  private readonly source: MatchedSource;
  private readonly texts: Partial<Record<TextField, string>> = {};
  private readonly numbers: Partial<Record<NumberField, number | bigint | null>> = {};
  private readMessage: string | undefined;
  private cutWords: string[] | undefined;
  private wordSet: Set<string> | undefined;
  private labelSet: Set<string> | undefined;
  private leavesByPath: Map<string, AttributeLeaf[]> | undefined;

  constructor(producer: string, source: MatchedSource) {
    this.producer = producer;
    this.seq = source.seq;
    this.source = source;
  }

  /** "" where the record does not have the field. */
  text(field: TextField): string {
    const known = this.texts[field];
    if (known !== undefined) return known;
    const read = this.readText(field);
    this.texts[field] = read;
    return read;
  }

  /** Undefined where the record does not have it. Severity and status are numbers; the others do not fit them. */
  number(field: NumberField): number | bigint | undefined {
    const known = this.numbers[field];
    if (known !== undefined) return known ?? undefined;
    const read = this.readNumber(field);
    this.numbers[field] = read ?? null;
    return read;
  }

  /** The effective one. */
  get severity(): number {
    return Number(this.number("severity"));
  }

  get message(): string {
    const { columns } = this;
    this.readMessage ??= columns ? utf8Text(columns.message) : this.source.record.message;
    return this.readMessage;
  }

  /** Of the message, in their order. */
  get words(): readonly string[] {
    this.cutWords ??= wordsOf(this.message);
    return this.cutWords;
  }

  hasWord(word: string): boolean {
    this.wordSet ??= new Set(this.words);
    return this.wordSet.has(word);
  }

  /** Whether the word stands in the service or the severity text. */
  hasLabelWord(word: string): boolean {
    this.labelSet ??= new Set([...wordsOf(this.text("service")), ...wordsOf(this.text("severity_text"))]);
    return this.labelSet.has(word);
  }

  /** The attribute's values. */
  leaves(path: string): readonly AttributeLeaf[] {
    this.leavesByPath ??= Map.groupBy(this.readLeaves(), (leaf) => leaf.path);
    return this.leavesByPath.get(path) ?? [];
  }

  /** Undefined where the record is decoded, or must be. */
  private get columns(): RecordColumns | undefined {
    return this.source.isDecoded === true ? undefined : this.source.columns;
  }

  private readText(field: TextField): string {
    const { columns } = this;
    const read = columns && COLUMN[field];
    return read ? utf8Text(read(columns)) : TEXT[field](this.source.record);
  }

  private readNumber(field: NumberField): number | bigint | undefined {
    if (field === "severity") return this.readSeverity();
    const { columns } = this;
    const http = columns ? columns.http : this.source.record.http;
    if (!http) return undefined;
    if (field === "status") return http.status;
    if (field === "response_bytes") return http.responseBytes;
    if ("latencyNanos" in http) return http.latencyNanos;
    const latency = "latency" in http ? http.latency : undefined;
    return latency && durationToNanos(latency);
  }

  private readSeverity(): number {
    const sent = (this.columns ?? this.source.record).severity;
    return sent !== 0 ? sent : effectiveSeverity({ severity: sent, severityText: this.text("severity_text") });
  }

  private readLeaves(): AttributeLeaf[] {
    const { columns } = this;
    const attributes = columns ? columns.attributes && readStruct(columns.attributes) : this.source.record.attributes;
    return attributes ? attributeLeaves(attributes) : [];
  }
}

const TEXT: Record<TextField, (record: LogRecord) => string> = {
  service: ({ service }) => service,
  severity_text: ({ severityText }) => severityText,
  trace_id: ({ traceId }) => traceId,
  span_id: ({ spanId }) => spanId,
  client_ip: ({ http }) => http?.clientIp ?? "",
  method: ({ http }) => http?.method ?? "",
  path: ({ http }) => http?.path ?? "",
  user_agent: ({ http }) => http?.userAgent ?? "",
  referer: ({ http }) => http?.referer ?? "",
  protocol: ({ http }) => http?.protocol ?? "",
};

/** The fields that need no decoding. */
const COLUMN: Partial<Record<TextField, (columns: RecordColumns) => Uint8Array | undefined>> = {
  service: ({ service }) => service,
  severity_text: ({ severityText }) => severityText,
  trace_id: ({ traceId }) => traceId,
  client_ip: ({ http }) => http?.clientIp,
  method: ({ http }) => http?.method,
  path: ({ http }) => http?.path,
};

function utf8Text(bytes: Uint8Array | undefined): string {
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8") : "";
}
