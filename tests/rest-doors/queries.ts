import type { Difference } from "./differences.ts";
import { type DoorRequest, get, linesOf } from "./door.ts";

const each = (path: string, queries: string, differs?: Difference): DoorRequest[] =>
  linesOf(queries.replaceAll(" ", "\n")).map((query) => get(`${path}${query}`, differs));

const HOSTILE_TEXTS = `
  + a+b a=b a%26b a;b ' * % %zz %2B %20 %00 %0a%0d %22 %25 %5C ..%2f %C3%A9 %F0%9F%A6%8A %E2%80%AE
  %3Cscript%3E %27%20OR%201%3D1%20-- %7B%22match_all%22%3A%7B%7D%7D`;

const TEXTS: DoorRequest[] = [
  "/logs/search?q=",
  "/logs/search?q=seeded&level=",
  "/logs?path=",
  "/v1/logs:search?service=",
].flatMap((path) => [get(path), ...each(path, HOSTILE_TEXTS), ...each(path, "%ff %C0%80 %ED%A0%80 %E2%82", "words")]);

const NAMES: DoorRequest[] = [
  ...each("/logs/search?", "q q=seeded %71=seeded =seeded &q=seeded& nothing q=nothing&q=seeded q=seeded&q=nothing"),
  ...each(
    "/logs/search?",
    "Q=seeded q%20=seeded q+=seeded q[]=1 q.x=1 .q=1 q.=1 .=1 toString=1 hasOwnProperty=1",
    "words",
  ),
  get("/logs?LIMIT=1", "words"),
  get("/ping?x=1", "words"),
  get("/ping?x"),
  get(`/logs?${"ip=10.1.1.1&".repeat(500)}`),
  get(`/logs?path=${"a".repeat(9_000)}`),
  get(`/logs?ip=${"a".repeat(40_000)}`, "words"),
];

/** The dashboard's and the log API's own conditions, of records that both doors know. */
const CONDITIONS: DoorRequest[] = [
  ...each("/logs/search?q=seeded&", "level=ERROR level=warn level=nothing"),
  ...each(
    "/logs?ip=10.1.1.1&",
    `
      status=&method=&path=&from=&to=&limit=&offset=
      status=404 status=abc status=1000 method=post path=/cart path=%25
      limit=1 limit=1&offset=1 limit=0 limit=5000 limit=1&limit=2 limit=x offset=-1 offset=10001
      from=now from=2015-05-17T10:05:03+00:00 from=2015-05-17T10:05:03%2B00:00&to=2027-01-01T00:00:00Z`,
  ),
  ...each("/stats?", "type=errors type=latency type=traffic range=day range=week type=traffic&range=week"),
  ...each("/stats?", "type= range= type=speed range=year"),
];

export const QUERIES: readonly DoorRequest[] = [...TEXTS, ...NAMES, ...CONDITIONS];
