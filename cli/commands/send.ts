import type { Command } from "../command.ts";
import { FORMAT_CHOICES } from "../send/send-options.ts";

/** `logpulse send`: log files and streams, exactly once. */
export const send: Command = {
  name: "send",
  summary: "sends log files and streams, each line once, whatever breaks on the way",
  usage: "[FILE…|-]",
  examples: [
    { line: "logpulse send access.log -s web", what: "a file; its format is found out" },
    { line: "logpulse send app.log.2.gz app.log.1 app.log -s app", what: "several, in this order; gzip too" },
    { line: "node app.js 2>&1 | logpulse send -s app", what: "what a program writes, as it writes it" },
    { line: "logpulse send /var/log/app.log -s app --follow", what: "a file that grows and is rotated" },
    { line: "logpulse send app.log -s app --dry-run", what: "what would become of the first lines, field by field" },
  ],
  options: [
    { name: "service", short: "s", value: "NAME", help: "the service of lines that name none" },
    { name: "format", value: "NAME", help: "how lines are written; auto finds it out", choices: FORMAT_CHOICES },
    { name: "strict", help: "reject lines that the format cannot read, which are kept as plain text otherwise" },
    { name: "follow", short: "f", help: "go on with what is added to the files, also after a restart" },
    { name: "position-file", value: "FILE", help: "where --follow notes what was acknowledged" },
    { name: "producer", value: "HEX", help: "as an earlier call printed it: what that one sent is not stored again" },
    { name: "batch", value: "N", help: "records in a batch at most: 1 to 10000; else 1000" },
    { name: "dry-run", help: "send nothing, show what would be sent" },
    { name: "show", value: "N", help: "how many records --dry-run shows; else 10" },
  ],
  details: `Every record has an identity, so a server that was killed and a connection that was cut cost nothing but time: what \
was not acknowledged is sent again, and stored once. It waits for as long as that takes, or for --timeout. A server that has \
never answered is given 30 s.

Lines of one record, such as a stack trace, are sent as one. Lines that the format cannot read are kept as plain text and \
counted, empty ones are counted, lines longer than a record are rejected and named. Times without a zone are local ones; with \
--utc they are UTC.

With --follow the position file says, for each file, what was acknowledged; by default there is one for each server and file in \
$XDG_STATE_HOME/logpulse. A file that is renamed is read to its end, one that is cut to nothing from its beginning.

Exit codes: 0 all is kept; 3 the server was away too long; 6 lines were rejected, or a file could not be read to its end; 130 \
interrupted with lines that are not acknowledged.`,
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  async run(context) {
    const { runSend } = await import("../send/run-send.ts");
    return runSend(context);
  },
};
