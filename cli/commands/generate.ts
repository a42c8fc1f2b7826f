import type { Command } from "../command.ts";
import { KINDS, WAYS } from "../generate/generate-settings.ts";

/** `logpulse generate`: load, and data to look at. */
export const generate: Command = {
  name: "generate",
  summary: "sends made-up access lines or application logs, at a steady rate",
  usage: "",
  examples: [
    { line: "logpulse generate", what: "50 requests a second of 100 access lines each, until Ctrl-C" },
    { line: "logpulse generate --rate 100 --for 10m", what: "100 requests a second, for ten minutes" },
    {
      line: "logpulse generate --kind application --count 10000",
      what: "10,000 records with levels, traces, stack traces",
    },
    { line: "logpulse generate --seed 7 --count 1000 --json", what: "the same lines each time, and totals as JSON" },
  ],
  options: [
    { name: "rate", value: "N", help: "requests per second; else RPS, 50" },
    { name: "batch", value: "N", help: "lines or records in each; else QTY_IN_BATCH, 100" },
    { name: "client-errors", value: "SHARE", help: "share of client errors or warnings; else CLIENT_ERROR_FREQ, 0.05" },
    { name: "server-errors", value: "SHARE", help: "share of server errors or errors; else SERVER_ERROR_FREQ, 0.01" },
    { name: "kind", value: "KIND", help: "access (lines of an access log) or application", choices: KINDS },
    { name: "via", value: "WAY", help: "rest (usual for access) or grpc (usual for application)", choices: WAYS },
    { name: "count", value: "N", help: "end after so many records" },
    { name: "for", value: "TIME", help: "end after so long: 10m" },
    { name: "seed", value: "N", help: "the same seed makes the same records, but for their times" },
  ],
  details: `The schedule does not wait for answers: a server that stalls gets its requests late, and what is more than a second \
behind is skipped and counted. Latency is that of kept requests, from the time when they were due. An answer of 429 or 503 is obeyed: \
nothing is begun before Retry-After is over, and the request is sent again.

Access lines go to POST /upload, without identity, so one that is sent again may be stored twice: that is counted. Everything \
else has identities.

TARGET_API_URL names the server too, with the path where another than /upload is wanted; --addr wins over it.`,
  words: { min: 0, max: 0 },
  async run(context) {
    const { runGenerate } = await import("../generate/run-generate.ts");
    return runGenerate(context);
  },
};
