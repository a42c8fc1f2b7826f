import { LogPulseError } from "../errors.ts";
import { nearestName } from "../nearest-name.ts";
import { accessLine } from "./access-line.ts";
import { combinedLine } from "./combined-line.ts";
import { criLine } from "./cri-line.ts";
import { envoyLine } from "./envoy-line.ts";
import { jsonLine } from "./json-line.ts";
import { LINE_FORMAT_NAMES, type LineFormat } from "./line-format.ts";
import { logfmtLine } from "./logfmt-line.ts";
import { syslogLine } from "./syslog-line.ts";
import { textLine } from "./text-line.ts";

/** What callers say to have the format found out by the first lines. */
export const AUTO_FORMAT = "auto";

/**
 * All formats, in the order in which they are tried where nobody has said which it is: a line that two of them can read
 * means the one that is more special. Docker's JSON files are JSON too, so "cri" stands before "json". The last one, text, reads
 * every line.
 */
export const LINE_FORMATS: readonly LineFormat[] = [
  accessLine,
  envoyLine,
  combinedLine,
  criLine,
  syslogLine,
  jsonLine,
  logfmtLine,
  textLine,
];

/**
 * The format of that name.
 *
 * @throws LogPulseError `invalid_request` with the names there are, and the one that was most likely meant.
 */
export function lineFormat(name: string): LineFormat {
  const format = LINE_FORMATS.find((each) => each.name === name);
  if (format) return format;
  const names = [...LINE_FORMAT_NAMES, AUTO_FORMAT];
  const nearest = nearestName(name, names);
  const advice = nearest ? `, did you mean ${nearest}?` : "";
  const reason = `format is "${name.slice(0, 60)}"; it must be one of ${names.join(", ")}${advice}`;
  throw new LogPulseError("invalid_request", reason, { metadata: { field: "format" } });
}
