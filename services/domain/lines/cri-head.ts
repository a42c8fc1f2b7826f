import type { JsonObject } from "@bufbuild/protobuf";
import type { CarriedLine, Carrier } from "./carried-boundaries.ts";

/** A line of a container's log. */
export interface CriLine {
  /** RFC 3339, as it is written. */
  time: string;
  stream: string;
  /** Without the line break that Docker writes as a part of it. */
  content: string;
  /** The container's line goes on in the next one of this stream. */
  isPartial: boolean;
  /** What Docker is told to add of the container's labels and environment; texts only. */
  labels?: JsonObject;
}

/** TIME stdout|stderr TAGS CONTENT, tags apart by colons; P is a partial line, F the end of one. */
const KUBERNETES =
  /^(\d{4}-\d\d-\d\dT[\d:.]{8,20}(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?::[^ \n]{0,100})?(?: |$)/;
const DOCKER = '{"log":';

/** Reads the head of a line that Kubernetes' runtimes or Docker's json-file driver wrote; undefined for others. */
export function readCriLine(line: string): CriLine | undefined {
  if (line.startsWith(DOCKER)) return readDockerLine(line);
  const parts = KUBERNETES.exec(line);
  if (!parts) return undefined;
  const [head, time, stream, tag] = parts;
  const end = line.endsWith("\r") ? line.length - 1 : line.length;
  return { time: time!, stream: stream!, content: line.slice(head.length, end), isPartial: tag === "P" };
}

function readDockerLine(line: string): CriLine | undefined {
  const parsed = parse(line);
  if (typeof parsed?.log !== "string" || typeof parsed.time !== "string") return undefined;
  const isPartial = !parsed.log.endsWith("\n");
  return {
    time: parsed.time,
    stream: typeof parsed.stream === "string" ? parsed.stream : "",
    content: isPartial ? parsed.log : parsed.log.slice(0, parsed.log.endsWith("\r\n") ? -2 : -1),
    isPartial,
    labels: textsOf(parsed.attrs),
  };
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // Then the line is none of Docker's.
  }
}

function textsOf(labels: unknown): JsonObject | undefined {
  if (typeof labels !== "object" || labels === null) return undefined;
  const texts = Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return texts.length > 0 ? Object.fromEntries(texts) : undefined;
}

const STREAMS = ["stdout", "stderr"];

/** Programs write other things to one stream than to the other, so what is known of each is kept apart. */
export const CRI_CARRIER: Carrier = {
  unwrap(line): CarriedLine | undefined {
    const read = readCriLine(line);
    return read && { source: read.stream, content: read.content, isPartial: read.isPartial };
  },
  bareLinesFollow: false,
  times: true,
  lastingSources: STREAMS,
};
