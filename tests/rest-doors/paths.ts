import type { Difference } from "./differences.ts";
import { type DoorRequest, get, linesOf } from "./door.ts";

const each = (paths: string, differs?: Difference): DoorRequest[] =>
  linesOf(paths.replaceAll(" ", "\n")).map((path) => get(path, differs));

const FOUND: DoorRequest[] = each(String.raw`
    /logs/search/ /logs/search// /logs/%73earch?q=seeded /%6cogs/se%61rch?q=seeded /%70%69%6e%67
    /ping/. /ping/// /logs/../ping /logs/%2e%2E/ping /logs/a/../../ping /logs/a/.. /logs/./$ID /logs\$ID /logs\..\ping
    /v1/logs/:search?words=seeded /v1/logs:%73earch?words=seeded
    http://127.0.0.1/ping HTTP://127.0.0.1/logs/$ID`);

/** Paths in which a part is taken for an id. */
const TAKEN_FOR_IDS: DoorRequest[] = [
  ...each(`
    /logs/search%2F /logs/Search /v1/logs/search /v1/logs/upload /v1/logs/x:y /logs/: /logs/+ /logs/... /logs/a%2e%2e
    /logs/..%2fping /logs/a%2Fb /logs/a%20b /logs/a%7Fb%01 /logs/%zz /logs/% /logs/%4 /logs/%2 /logs/%25 /logs/%252F
    /logs/{id} /logs/<a>"b${"`"}|^ /logs/a+b=c;d,e@f!g$h&i'j(k)l*m~n /logs/%E2%82%AC%F0%9F%A6%8A /logs/%D8%A7%E2%80%AE`),
  get(`/logs/${"a".repeat(8_000)}`),
  get(`/logs/${"%41".repeat(3_000)}`),
];

const NOT_FOUND: DoorRequest[] = [
  ...each(
    String.raw`
      / // /.. /nope /admin /v1 /v1/logs /v1/logs/ /v1/logs: /v1/logs:nope /v1/logs/.. /logs/.. /logs/a/b /logs//a
      /logs\a\b /v1//logs:search /v1/logs%3Asearch /v1/logs:search:search /v1/logs/a:search /logs/a:upload
      /:search /ping:search /ping/:search /ping%2F /ping;a=b /ping% /grpc.health.v1.Health/Check http://127.0.0.1`,
    "words",
  ),
  get("/logpulse.v1.QueryService/Nope"),
];

const REFUSED: DoorRequest[] = [
  ...each("/logs/%00 /logs/a%00b /logs#a /ping?a#b /logs/\u00e9 /logs/%ff /logs/%C0%80 /logs/%ED%A0%80", "words"),
  ...each("/v1/logs/%E2%82 http://evil.example/ping *", "words"),
  get(`/logs/${"a".repeat(40_000)}`, "words"),
  { ...get("*", "status"), method: "OPTIONS" },
];

/** Ids of a record, of none, and of what is none. */
const IDS: DoorRequest[] = ["/logs/", "/v1/logs/"].flatMap((at) => [
  get(`${at}$ID`),
  get(`${at}$ID?id`),
  ...["1", "9007199254740991", "9007199254740992", "99999999999999999999"].map((seq) =>
    get(`${at}${"0".repeat(32)}-${seq}`),
  ),
  get(`${at}${"g".repeat(32)}-1`),
  ...each(`${at}42 ${at}- ${at}'%20OR%20'1'='1`),
  get(`${at}a?id=$ID`, "one_place"),
  get(`${at}$ID?id=$ID`, "one_place"),
  get(`${at}$ID?id=a`, "words"),
]);

/** Headers that say how long the caller waits, and what is no business of REST. */
const HEADERS: DoorRequest[] = [
  ...["20S", "20000m", "99999999H"].map((timeout) => ({ ...get("/ping"), headers: { "grpc-timeout": timeout } })),
  { ...get("/ping", "words"), headers: { "grpc-timeout": "soon" } },
  { ...get("/ping", "words"), headers: { origin: "null" } },
  { ...get("/ping"), headers: { "x-http-method-override": "DELETE" } },
  { ...get("/ping"), headers: { "content-type": "text/xml", "content-encoding": "nope" } },
];

export const PATHS: readonly DoorRequest[] = [...FOUND, ...TAKEN_FOR_IDS, ...NOT_FOUND, ...REFUSED, ...IDS, ...HEADERS];
