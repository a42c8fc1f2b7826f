import type { Difference } from "./differences.ts";
import { type DoorRequest, get, linesOf, post } from "./door.ts";

/** One request for each of the values, which have no blanks in them. */
const each = (path: string, values: string, differs?: Difference): DoorRequest[] =>
  linesOf(values.replaceAll(" ", "\n")).map((value) => get(`${path}${value}`, differs));

const SEARCH = "/v1/logs:search?service=seed&";
const LETTERS = "/v1/deadLetters?";

const NUMBERS: DoorRequest[] = [
  ...each(`${SEARCH}pageSize=`, "1 01 %2B1 -0 0 -1 2147483647 -2147483648"),
  ...each(`${SEARCH}pageSize=`, "%201 1%20 +1 1.0 1.5 1e2 0x10 abc true null NaN %221%22 1_000 %D9%A1", "words"),
  ...each(`${SEARCH}pageSize=`, `2147483648 -2147483649 ${"9".repeat(30)} ${"9".repeat(3_000)}`, "words"),
  get(`${SEARCH}pageSize=`, "words"),
  get(`${SEARCH}pageSize`),
  ...each(SEARCH, "page_size=1 page%5Fsize=1 pageSize=1&page_size=2"),
  get(`${SEARCH}PageSize=1`, "words"),
  get(`${SEARCH}pageToken=nonsense`),
  get(`${SEARCH}pageToken=${"a".repeat(600)}`),
  ...each(LETTERS, "originalBytesMax=-1 pageSize=-1"),
  get(`${LETTERS}originalBytesMax=`, "words"),
];

const TIMES: DoorRequest[] = [
  ...each(
    `${SEARCH}startTime=`,
    `
      2026-01-01T00:00:00Z
      2026-01-01T00:00:00.5Z
      2026-01-01T00:00:00.123456789Z
      2026-01-01T00:00:00%2B02:00
      2024-02-29T23:59:59-12:00
      1970-01-01T00:00:00Z
      0001-01-01T00:00:00Z
      9999-12-31T23:59:59Z`,
  ),
  get(`${SEARCH}startTime=`, "words"),
  ...each(
    `${SEARCH}startTime=`,
    `
      yesterday
      1234
      2026-01-01
      2026-01-01T00:00:00
      2026-01-01%2000:00:00Z
      2026-01-01t00:00:00z
      2026-01-01T00:00:00+02:00
      2026-01-01T00:00:00%2B0200
      2026-01-01T00:00:00.1234567891Z
      2026-13-01T00:00:00Z
      2026-02-30T00:00:00Z
      2026-01-01T24:00:00Z
      0000-01-01T00:00:00Z
      10000-01-01T00:00:00Z`,
    "words",
  ),
  ...each(`${SEARCH}startTime=`, "2026-1-1T0:0:0Z 2026-01-01T00:00:60Z 2026-01-01T00:00:00.Z", "strict"),
  get(`${SEARCH}startTime.seconds=5`, "strict"),
  get(`${SEARCH}startTime.seconds=x`, "words"),
  get(`${SEARCH}start_time=2026-01-01T00:00:00Z&endTime=2025-01-01T00:00:00Z`),
];

const WORDS_OF_A_LIST: DoorRequest[] = [
  ...each(`${LETTERS}filter.state=`, "DEAD_LETTER_STATE_OPEN 1 01 %2B1 0 1&filter.state=2"),
  ...each(`${LETTERS}filter.state=`, "open OPEN dead_letter_state_open 99 -1 1.0 %201 2147483648", "words"),
  get(`${LETTERS}filter.state=`, "words"),
  ...["true", "false", "1", "0", "TRUE", "yes", "f"].map((yes) => post(`/v1/deadLetters:replay?dryRun=${yes}`, "{}")),
  ...["", "on", "2", "%20true"].map((yes) => post(`/v1/deadLetters:replay?dryRun=${yes}`, "{}", "words")),
];

const NESTED_NAMES: DoorRequest[] = [
  get(`${LETTERS}filter.store=mysql&filter.start_time=2026-01-01T00:00:00Z&pageSize=5&originalBytesMax=0`),
  get(`${LETTERS}filter.st%6fre=a`),
  ...each(LETTERS, "filter= filter=x filter.nope=1 filter..store=a filter.=a FILTER.store=a filter%2Estore=a", "words"),
  ...each(
    LETTERS,
    "filter.state.x=1 filter.store.x=1 filter.startTime=x filter.__proto__=a filter.__proto__.x=a",
    "words",
  ),
];

export const PARAMETER_VALUES: readonly DoorRequest[] = [...NUMBERS, ...TIMES, ...WORDS_OF_A_LIST, ...NESTED_NAMES];
