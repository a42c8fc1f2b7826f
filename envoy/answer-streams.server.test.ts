import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { QueryService } from "../gen/logpulse/v1/query_service_pb.ts";
import { haveServers } from "../stack/have-servers.ts";
import { unavailable } from "./testing/answers.ts";
import { type EnvoyConfigTree, routesOf } from "./testing/config-parts.ts";
import { openDoor, type TestDoor } from "./testing/test-door.ts";

const { tailLogs, exportLogs, exportLogsCsv } = QueryService.method;

describe.skipIf(!haveServers("envoy"))("streams of answers by REST", () => {
  let door: TestDoor;
  beforeAll(async () => {
    door = await openDoor({ change: shorten });
  });
  afterAll(() => door?.close());
  beforeEach(() => door.reset());

  const heartbeat = (cursor: string) => ({ event: { case: "heartbeat", value: {} }, cursor });
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${door.envoy.url}${path}`, { headers, signal: AbortSignal.timeout(20_000) });

  it("come as a line of JSON each, when they are sent", async () => {
    const { promise: seen, resolve: see } = Promise.withResolvers<void>();
    door.query.answer(tailLogs, async function* () {
      yield heartbeat("first");
      await seen;
      yield heartbeat("second");
    });
    const answer = await get("/v1/logs:tail?query=a");
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    const first = await reader.read();
    see();
    const text = `${first.value}${await rest(reader)}`;
    expect(first.value).toMatch(/\n$/);
    const lines = text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).cursor)).toEqual(["first", "second"]);
  });

  it("come as server-sent events for those who ask for them", async () => {
    door.query.answer(tailLogs, async function* () {
      yield heartbeat("first");
      yield heartbeat("second");
    });
    const answer = await get("/v1/logs:tail", { accept: "text/event-stream" });
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    const events = (await answer.text()).trimEnd().split("\n\n");
    expect(events.map((event) => JSON.parse(event.replace(/^data: /, "")).cursor)).toEqual(["first", "second"]);
  });

  it("come as they are, where they are bodies", async () => {
    door.query.answer(exportLogsCsv, async function* () {
      yield { contentType: "text/csv; charset=utf-8", data: Buffer.from("id,time\r\n") };
      yield { contentType: "text/csv; charset=utf-8", data: Buffer.from("1,2\r\n") };
    });
    const answer = await get("/v1/logs:exportCsv?query=a");
    expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(await answer.text()).toBe("id,time\r\n1,2\r\n");
  });

  it("may go on for longer than other answers", async () => {
    door.query.answer(tailLogs, async function* () {
      for (let count = 0; count < 6; count++) {
        yield heartbeat(`${count}`);
        await sleep(500);
      }
    });
    const answer = await get("/v1/logs:tail");
    expect((await answer.text()).trimEnd().split("\n")).toHaveLength(6);
  });

  it.each([
    ["/v1/logs:tail", tailLogs],
    ["/v1/logs:export", exportLogs],
    ["/v1/logs:exportCsv", exportLogsCsv],
  ])("%s: an error before the first message is an error of REST", async (path, method) => {
    door.query.answer(
      method,
      failing(() => new ConnectError("cursor is bad", Code.InvalidArgument)),
    );
    const answer = await get(path);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toMatchObject({ code: 3, message: "cursor is bad" });
  });

  it("is asked for once more where the first replica cannot answer", async () => {
    door.query.answer(tailLogs, failing(unavailable));
    expect((await get("/v1/logs:tail")).status).toBe(503);
    expect(door.query.calls).toEqual(["TailLogs", "TailLogs"]);
  });
});

/** A stream that fails before its first message. */
function failing(error: () => ConnectError): () => AsyncIterable<object> {
  return async function* () {
    yield* [];
    throw error();
  };
}

/** Other answers have a second, so that what has longer is seen to have it. */
function shorten(config: EnvoyConfigTree): void {
  for (const { name, route } of routesOf(config)) {
    if (route?.timeout === "30s") route.timeout = "1s";
    if (name === "rest" || name === "rest_events") {
      route!.idle_timeout = "1s";
      route!.max_stream_duration = { max_stream_duration: "1s" };
    }
  }
}

async function rest(reader: ReadableStreamDefaultReader<string>): Promise<string> {
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += value;
  }
}
