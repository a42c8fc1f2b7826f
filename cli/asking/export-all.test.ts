import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ExportLogsRequest,
  type ExportLogsResponse,
  ExportLogsResponseSchema,
  Order,
  type StoredLog,
  StoredLogSchema,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { identityText } from "../../services/domain/identity.ts";
import { nanosToTimestamp, timestampToNanos } from "../../services/domain/record-time.ts";
import { fakeConnection } from "../fake-connection.fixture.ts";
import { exportAll } from "./export-all.ts";

const END_NANOS = 1_000n;

/** What a server does with one export: how many records it sends, and how it ends it then. */
interface Part {
  records: number;
  ending: "cut" | "closed" | "token";
}

const part: fc.Arbitrary<Part> = fc.record({
  records: fc.nat(4),
  ending: fc.constantFrom("cut", "closed", "token"),
});

/** Of the test's records: two producers, whose seqs have one digit and more. */
const identityAt = (at: number) => identityText((at % 2 === 0 ? "a" : "b").repeat(32), at);

/** Records at these times, in the order of an export: by time, producer and seq. */
function recordsAt(times: readonly number[], order: Order): StoredLog[] {
  const sign = order === Order.OLDEST_FIRST ? 1 : -1;
  const keys = times.map((nanos, at) => ({ nanos, at }));
  keys.sort((a, b) => sign * (a.nanos - b.nanos || (a.at % 2) - (b.at % 2) || a.at - b.at));
  return keys.map(({ nanos, at }) =>
    create(StoredLogSchema, { id: identityAt(at), record: { time: nanosToTimestamp(BigInt(nanos)) } }),
  );
}

const nanosOf = (log: StoredLog) => timestampToNanos(log.record!.time!);

/** Serves the records that are asked for, as the parts say; all of the rest when they are used up. */
function unreliableExport(logs: readonly StoredLog[], parts: readonly Part[]) {
  const left = [...parts];
  return async function* (request: ExportLogsRequest): AsyncGenerator<ExportLogsResponse> {
    const startNanos = request.startTime ? timestampToNanos(request.startTime) : 0n;
    const endNanos = timestampToNanos(request.endTime!);
    const asked = logs.filter((log) => nanosOf(log) >= startNanos && nanosOf(log) < endNanos);
    // As the server's: a token is of an export with the same times, and names its last record.
    const [tokenOf, behind] = request.resumeToken.split("|");
    if (request.resumeToken !== "" && tokenOf !== `${startNanos}-${endNanos}`) {
      throw new ConnectError("resume_token is of another export", Code.InvalidArgument);
    }
    const rest = behind ? asked.slice(asked.findIndex(({ id }) => id === behind) + 1) : asked;
    const { records, ending } = left.shift() ?? { records: rest.length, ending: "complete" as const };
    for (const log of rest.slice(0, records)) yield event({ case: "log", value: log });
    if (ending === "cut") throw new ConnectError("read ECONNRESET", Code.Unavailable);
    if (ending === "closed") return;
    const last = rest[Math.min(records, rest.length) - 1]?.id ?? behind;
    const isWhole = ending === "complete";
    const resumeToken = isWhole || !last ? "" : `${startNanos}-${endNanos}|${last}`;
    yield event({ case: "end", value: { complete: isWhole, reason: isWhole ? "" : "the server stops", resumeToken } });
  };
}

function event(value: object): ExportLogsResponse {
  return create(ExportLogsResponseSchema, { event: value as ExportLogsResponse["event"] });
}

async function exported(logs: readonly StoredLog[], parts: readonly Part[], order: Order) {
  const taken: string[] = [];
  const connection = fakeConnection({ exportLogs: unreliableExport(logs, parts) });
  const asked = { query: "", filter: undefined, startTime: undefined, endTime: nanosToTimestamp(END_NANOS), order };
  const take = async ({ id }: StoredLog) => void taken.push(id);
  const found = await exportAll(connection, asked, take, new AbortController().signal, () => undefined);
  return { found, taken };
}

describe("an export that is cut off", () => {
  it.each([Order.NEWEST_FIRST, Order.OLDEST_FIRST])(
    "brings each record once and in order, wherever it is cut, also where many share a time (order %d)",
    { timeout: 60_000 },
    async (order) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.nat(3), { minLength: 1, maxLength: 15 }),
          fc.array(part, { maxLength: 2 }),
          async (times, parts) => {
            const logs = recordsAt(times, order);
            // Before the first record an export that fails is not gone on with: that is told to whoever asked.
            const fromOne = parts.map(({ records, ending }, at) => ({
              records: at === 0 ? records + 1 : records,
              ending,
            }));
            const { found, taken } = await exported(logs, fromOne, order);
            expect(taken).toEqual(logs.map(({ id }) => id));
            expect(found).toEqual({ records: logs.length, isMore: false, missing: undefined });
          },
        ),
        { numRuns: 15 },
      );
    },
  );

  it("says what is missing where the server has no place to go on at", async () => {
    const { found } = await exported(
      recordsAt([1, 2], Order.NEWEST_FIRST),
      [{ records: 0, ending: "token" }],
      Order.NEWEST_FIRST,
    );
    expect(found).toEqual({ records: 0, isMore: false, missing: "the server stops" });
  });

  it.each([
    [Code.FailedPrecondition, "it took longer than 10 s"],
    [Code.DeadlineExceeded, "the operation timed out"],
    [Code.PermissionDenied, "not any more"],
  ])("says what is missing where a later part fails (code %d)", async (code, why) => {
    let calls = 0;
    const logs = recordsAt([1, 2, 3], Order.NEWEST_FIRST);
    const connection = fakeConnection(
      {
        async *exportLogs() {
          calls += 1;
          if (calls > 1) throw new ConnectError(why, code);
          for (const log of logs.slice(0, 2)) yield event({ case: "log", value: log });
        },
      },
      300,
    );
    const asked = { query: "", filter: undefined, startTime: undefined, endTime: undefined, order: Order.NEWEST_FIRST };
    const signal = new AbortController().signal;
    const found = await exportAll(
      connection,
      asked,
      async () => undefined,
      signal,
      () => undefined,
    );
    expect(found).toEqual({ records: 2, isMore: false, missing: `the export was cut off (${why})` });
  });

  it("fails where nothing came at all", async () => {
    const parts: Part[] = Array.from({ length: 10 }, () => ({ records: 0, ending: "cut" }));
    await expect(exported(recordsAt([1], Order.NEWEST_FIRST), parts, Order.NEWEST_FIRST)).rejects.toThrow("ECONNRESET");
  });
});
