import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type StoredLog,
  TailEnd_Reason,
  TailLagged_Reason,
  type TailLogsRequest,
  type TailLogsResponse,
  TailLogsResponseSchema,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { fakeConnection } from "../fake-connection.fixture.ts";
import { LogTail, type TailReader } from "./log-tail.ts";

/** What a server does next on a connection. */
type Step = "records" | "lagged" | "heartbeat" | "cut" | "closed" | "stopping" | "timeUp";

const STEPS: readonly Step[] = ["records", "lagged", "heartbeat", "cut", "closed", "stopping", "timeUp"];
const LOG_RECORDS = 12;
const RECORDS_PER_STEP = 3;

/** A log of so many records whose cursors are their numbers; it does what the steps say, and after them what is to be done. */
function unreliableTail(steps: readonly Step[]) {
  const left = [...steps];
  return async function* ({ cursor, untilCursor }: TailLogsRequest): AsyncGenerator<TailLogsResponse> {
    let at = Number(cursor || "0");
    const end = untilCursor === "" ? LOG_RECORDS : Number(untilCursor);
    yield answer({ case: "heartbeat", value: {} }, at);
    for (;;) {
      const step = left.shift() ?? "records";
      const to = Math.min(end, at + RECORDS_PER_STEP);
      if (step === "cut") throw new ConnectError("read ECONNRESET", Code.Unavailable);
      if (step === "closed") return;
      if (step === "stopping") return yield answer({ case: "end", value: { reason: TailEnd_Reason.STOPPING } }, at);
      if (step === "timeUp") return yield answer({ case: "end", value: { reason: TailEnd_Reason.TIME_UP } }, at);
      if (step === "heartbeat") yield answer({ case: "heartbeat", value: {} }, at);
      else if (at === end && untilCursor !== "") {
        return yield answer({ case: "end", value: { reason: TailEnd_Reason.DONE } }, at);
      } else if (at === end) await new Promise((resolve) => setTimeout(resolve, 5));
      else if (step === "lagged") yield answer(lagged(TailLagged_Reason.SLOW_READER, at, to), to);
      else yield answer({ case: "records", value: { logs: numbered(at, to) } }, to);
      if (step === "records" || step === "lagged") at = to;
    }
  };
}

function lagged(reason: TailLagged_Reason, from: number, until: number) {
  return {
    case: "lagged" as const,
    value: { reason, fromCursor: String(from), untilCursor: String(until), records: until - from },
  };
}

function answer(event: MessageInitShape<typeof TailLogsResponseSchema>["event"], cursor: number): TailLogsResponse {
  return create(TailLogsResponseSchema, { event, cursor: String(cursor) });
}

const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => ({ id: `${from + at}` }));

/** Follows until everything was taken. */
async function followAll(steps: readonly Step[]) {
  const done = new AbortController();
  const reader = new Notes(() => done.abort());
  const connection = fakeConnection({ tailLogs: unreliableTail(steps) });
  const tail = new LogTail(connection, { query: "", filter: undefined }, reader);
  await tail.follow({ cursor: "0" }, AbortSignal.any([done.signal, AbortSignal.timeout(20_000)]));
  return { reader, tail };
}

class Notes implements TailReader {
  readonly taken: string[] = [];
  readonly lost: TailLogsResponse[] = [];
  readonly said: string[] = [];
  private readonly onAll: () => void;

  constructor(onAll: () => void) {
    this.onAll = onAll;
  }

  async take(logs: readonly StoredLog[]): Promise<void> {
    this.taken.push(...logs.map(({ id }) => id));
    if (this.taken.length >= LOG_RECORDS) this.onAll();
  }

  async lose(gap: TailLogsResponse): Promise<void> {
    this.lost.push(gap);
  }

  say(text: string): void {
    this.said.push(text);
  }
}

const EVERYTHING = numbered(0, LOG_RECORDS).map(({ id }) => id);

describe("a tail", () => {
  it("takes each record once and in order, however its connections end and whatever is left out", {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { maxLength: 6 }), async (steps) => {
        const { reader, tail } = await followAll(steps);
        expect(reader.taken).toEqual(EVERYTHING);
        expect(tail.hasLost).toBe(false);
      }),
      { numRuns: 15 },
    );
  });

  it("says that it was cut off, and that it goes on", async () => {
    const { reader } = await followAll(["records", "cut"]);
    expect(reader.said).toEqual([
      "the connection was cut off (read ECONNRESET); connecting again",
      "connected again, going on where it was",
    ]);
  });

  it("says nothing where a connection has had its time", async () => {
    expect((await followAll(["records", "timeUp", "records"])).reader.said).toEqual([]);
  });

  it("fetches what it was too slow for, in its place", async () => {
    const { reader } = await followAll(["records", "lagged"]);
    expect(reader.said).toEqual(["3 records missed here, not taken fast enough; fetching them", "fetched"]);
  });

  it("tells what the log does not hold any more, and ends as not whole", async () => {
    const reader = new Notes(() => undefined);
    const stop = new AbortController();
    const connection = fakeConnection({
      async *tailLogs() {
        yield answer(lagged(TailLagged_Reason.LOG_RETENTION, 0, 9), 9);
        stop.abort();
      },
    });
    const tail = new LogTail(connection, { query: "", filter: undefined }, reader);
    await tail.follow({ cursor: "0" }, stop.signal);
    expect(reader.said).toEqual(["9 records missing here: the log does not hold them any more"]);
    expect(reader.lost).toMatchObject([{ event: { case: "lagged", value: { records: 9 } }, cursor: "9" }]);
    expect(tail.hasLost).toBe(true);
  });

  it.each([
    [Code.Unavailable, 4],
    [Code.InvalidArgument, 1],
    [Code.PermissionDenied, 1],
  ])("that never gets a connection gives up (code %d, after %d tries)", async (code, tries) => {
    let calls = 0;
    const connection = fakeConnection({
      // biome-ignore lint/correctness/useYield: it fails before.
      async *tailLogs() {
        calls += 1;
        throw new ConnectError("no", code);
      },
    });
    const tail = new LogTail(connection, { query: "", filter: undefined }, new Notes(() => undefined));
    await expect(tail.follow({}, new AbortController().signal)).rejects.toMatchObject({ code });
    expect(calls).toBe(tries);
  });
});
