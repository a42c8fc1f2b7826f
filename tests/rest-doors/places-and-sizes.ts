import { gzipSync } from "node:zlib";
import { type DoorRequest, get, post } from "./door.ts";

const MiB = 1024 * 1024;
const REPLAY = "/v1/deadLetters:replay";
const NEW_YEAR = "2026-01-01T00:00:00Z";

/** Values beside the body, and in two places. */
export const PLACES: readonly DoorRequest[] = [
  post("/logs?message=a", "{}"),
  post("/logs?message=a", ""),
  post("/logs?level=a", '{"message":"b"}'),
  post("/logs?message=a", '{"message":null}'),
  post("/logs?message=a", '{"message":"b"}', "words"),
  post("/v1/logs:search?words=seeded", '{"service":"seed"}'),
  post("/v1/logs:search?words=a", '{"words":""}', "words"),
  post("/v1/logs:search?page_size=1", '{"pageSize":2}', "one_place"),
  post("/v1/logs:search?pageSize=1", '{"page_size":2}', "words"),
  post(`/v1/logs:search?startTime=${NEW_YEAR}`, `{"service":"seed","startTime":"${NEW_YEAR}"}`, "one_place"),
  post(`${REPLAY}?filter.store=a`, '{"dryRun":true}'),
  post(`${REPLAY}?filter.store=a`, '{"dryRun":true,"filter":null}'),
  post(`${REPLAY}?filter.store=a`, '{"dryRun":true,"filter":{"reason":"b"}}'),
  post(`${REPLAY}?filter.store=a`, '{"filter":{"store":"b"}}', "words"),
  post(`${REPLAY}?filter.store=a`, '{"filter":"b"}', "words"),
  post(`${REPLAY}?filter.state=1`, '{"filter":{"state":1}}', "one_place"),
  post(`${REPLAY}?dryRun=true`, '{"dryRun":false}', "one_place"),
  post("/upload?lines=a", '["2026-11-20T10:00:00Z 10.0.0.1 GET /written 200 1ms"]'),
  post("/v1/logs:uploadLines?lines=a&lines=b", '{"lines":["c"]}'),
  post("/v1/logs:uploadLines?lines=a&lines=b", ""),
  post("/v1/logs:write?records=5", "{}", "words"),
  post("/v1/logs:write?records.message=5", "{}", "strict"),
  post("/v1/logs:write?producerId=AQID", "{}"),
  post("/v1/logs:write?producerId=A", "{}", "words"),
  post("/v1/logs:write?firstSeq=18446744073709551615", '{"records":[{"message":"m"}]}'),
  post("/v1/logs:write?firstSeq=18446744073709551616", "{}", "words"),
  post("/v1/logs:write?tenant=other", "{}"),
  { ...get("/logs", "one_place"), body: '{"ip":"10.1.1.1"}' },
  { ...get("/logs", "words"), body: "nonsense" },
];

/** Bodies that are too large for a body, a message, a batch, or for what is not served. */
export const SIZES: readonly DoorRequest[] = [
  post("/logs", recordOf(17 * MiB), "words"),
  { ...post("/logs", recordOf(17 * MiB), "words"), headers: { "transfer-encoding": "chunked" } },
  post("/upload", gzipSync(" ".repeat(17 * MiB)), "status", { "content-encoding": "gzip" }),
  post("/nope", "a".repeat(17 * MiB), "status"),
  post("/v1/logs:write", batchOf(30, { message: "m".repeat(200_000) }), "words"),
  post("/v1/logs:write", batchOf(21, { message: "m".repeat(200_000) })),
  post("/v1/logs:write", batchOf(10_001, {})),
  post("/v1/logs:upload", `[${batchOf(1, { message: "m".repeat(6 * MiB) })}]`, "words"),
  post("/v1/logs:upload", `[${batchOf(10_001, {})}]`),
  post("/v1/logs:upload", `[${" ".repeat(65 * MiB)}]`, "words"),
];

function recordOf(characters: number): string {
  return JSON.stringify({ message: "a".repeat(characters) });
}

function batchOf(records: number, record: object): string {
  return JSON.stringify({ records: Array.from({ length: records }, () => record) });
}
