import type { SentLog } from "./sent-log.ts";

const INTRODUCTION = `# Logs of real servers, sent with \`auto\`

What the servers of \`stack/\` write when they are started, troubled and stopped, the access log beside this repository and the
machine's dpkg log, sent by \`logpulse send FILE -s NAME\` to the embedded mode. Made by:

\`\`\`sh
REAL_LOGS_REPORT=docs/formats-of-real-logs.md npx vitest run --project servers tests/real-logs
\`\`\`

The test demands that every line of the file is read, that none is rejected or lost, that the text of the records is the text of the
file, line by line, where the format is text, and that no record begins within a stack trace. Empty lines between records are in neither\ncount; times, levels and joined lines are told of records.

`;

/** A table in Markdown: what `auto` took each log for, and what became of its lines. */
export function logsTable(logs: readonly (readonly [name: string, log: SentLog])[]): string {
  const rows = logs.map(([name, log]) => rowOf(name, log));
  const head = [
    "log",
    "lines",
    "taken for",
    "lines read as that",
    "lines kept as plain text",
    "records",
    "with a time",
    "with a level",
    "of several lines",
    "rejected, lost",
  ];
  return (
    INTRODUCTION +
    [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("") +
    reasonsOf(logs)
  );
}

/** Why lines are kept as plain text, the first ones of each log. */
function reasonsOf(logs: readonly (readonly [name: string, log: SentLog])[]): string {
  const reasons = logs.flatMap(([name, { summary }]) =>
    summary.asText.slice(0, 3).map(({ line, field, reason }) => `- ${name}, line ${line}: ${field} ${reason}\n`),
  );
  return reasons.length > 0 ? `\nKept as plain text:\n\n${reasons.join("")}` : "";
}

function rowOf(name: string, { lines, summary, records, timed }: SentLog): string[] {
  const of = (count: number) =>
    `${count.toLocaleString("en")} (${((100 * count) / Math.max(1, records.length)).toFixed(1)} %)`;
  const ofLines = (count: number) =>
    `${count.toLocaleString("en")} (${((100 * count) / Math.max(1, summary.kept)).toFixed(1)} %)`;
  const joined = records.filter(({ message }) => message.includes("\n"));
  const lost = summary.read - lines.length;
  return [
    name,
    lines.length.toLocaleString("en"),
    summary.format,
    ofLines(summary.kept - summary.keptAsText),
    ofLines(summary.keptAsText),
    records.length.toLocaleString("en"),
    of(timed),
    of(records.filter(({ severity, severityText }) => severity !== 0 || severityText !== "").length),
    of(joined.length),
    `${summary.rejected}, ${lost}`,
  ];
}
