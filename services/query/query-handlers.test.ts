import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  AccessRowSchema,
  type ListLogsRequestSchema,
  type SearchLogEntriesRequestSchema,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { ANSWER_BYTES_MAX } from "../domain/limits.ts";
import { displayId } from "./access-row.ts";
import { at, errorOf, producer, queryRole } from "./query.fixture.ts";

describe("GetLog", () => {
  it("finds a record, and asks the store once for it", async () => {
    const { call, lookup } = await queryRole([{ message: "hello", service: "shop", severityText: "Warn" }]);
    const id = `${producer}-0`;
    const first = await call("getLog", { id });
    expect(first.log).toMatchObject({ id, record: { message: "hello" } });
    expect(await call("getLogEntry", { id })).toMatchObject({
      id,
      serviceName: "shop",
      level: "Warn",
      message: "hello",
    });
    expect(lookup.asked).toBe(1);
  });

  it("does not remember a miss", async () => {
    const { call, add } = await queryRole([]);
    const id = `${producer}-5`;
    expect(await errorOf(call("getLog", { id }))).toMatchObject({ kind: "not_found" });
    await add([{ message: "late" }], 5);
    expect(await call("getLog", { id })).toMatchObject({ log: { id } });
  });

  it("refuses an id of another form and does not find another tenant's record", async () => {
    const { call } = await queryRole([{ message: "secret" }], { tenant: "other" });
    expect(await errorOf(call("getLog", { id: "x' OR 1=1" }))).toMatchObject({
      kind: "invalid_request",
      metadata: { field: "id" },
    });
    expect(await errorOf(call("getLog", { id: `${producer}-0` }))).toMatchObject({ kind: "not_found" });
  });
});

describe("the plain log API's search", () => {
  const find = async (init: MessageInitShape<typeof SearchLogEntriesRequestSchema>) => {
    const { call } = await queryRole([
      at(0, { message: "payment failed", service: "payment-service", severityText: "ERROR" }),
      at(1, { message: "cart saved", service: "cart", severityText: "INFO" }),
    ]);
    const response = await call("searchLogEntries", init);
    expect(response.count).toBe(response.data.length);
    return response.data.map((entry) => entry.message);
  };

  it.each([
    [{ q: "payment-service" }, ["payment failed"]],
    [{ q: "ERROR" }, ["payment failed"]],
    [{ q: "saved" }, ["cart saved"]],
    [{ level: "error" }, ["payment failed"]],
    [{ q: "cart", level: "ERROR" }, []],
    [{}, ["cart saved", "payment failed"]],
  ])("%j", async (init, expected) => expect(await find(init)).toEqual(expected));
});

describe("ListLogs", () => {
  it("ends a page early where its rows are large, and counts all of them", async () => {
    const { call } = await queryRole(
      Array.from({ length: 600 }, (_, i) => at(i, { http: { path: "p".repeat(8_191) } })),
    );
    const { data, meta } = await call("listLogs", { limit: "1000" });
    expect(meta).toMatchObject({ total: 600, limit: 1000, offset: 0 });
    expect(data.reduce((bytes, row) => bytes + toBinary(AccessRowSchema, row).length, 0)).toBeLessThan(
      ANSWER_BYTES_MAX,
    );
    expect(data.length).toBeGreaterThan(400);
    expect(data.length).toBeLessThan(600);
  });

  const rows = [
    at(0, {
      http: {
        clientIp: "1.1.1.1",
        method: "GET",
        path: "/a%b",
        status: 200,
        latency: { seconds: 1n, nanos: 500_600_000 },
      },
    }),
    at(1, { http: { clientIp: "2.2.2.2", method: "post", path: "/upload", status: 404 } }),
    at(2, { message: "no request" }),
  ];
  const list = async (init: MessageInitShape<typeof ListLogsRequestSchema>) =>
    (await queryRole(rows)).call("listLogs", init);

  it("has the dashboard's shape, newest first, access records only", async () => {
    const { data, meta } = await list({});
    expect(meta).toMatchObject({ total: 2, limit: 50, offset: 0 });
    expect(data[1]).toMatchObject({
      id: displayId("default", producer, 0),
      ip: "1.1.1.1",
      method: "GET",
      path: "/a%b",
      status: 200,
      latencyMs: 1501,
    });
    expect(data[0]).toMatchObject({ ip: "2.2.2.2", status: 404, latencyMs: 0 });
    expect(Number.isSafeInteger(displayId("default", producer, 0))).toBe(true);
  });

  it.each([
    [{ method: "POST" }, ["/upload"]],
    [{ path: "%" }, ["/a%b"]],
    [{ ip: "1.1.1.1" }, ["/a%b"]],
    [{ ip: "", status: "", method: "", path: "", from: "", to: "", limit: "", offset: "" }, ["/upload", "/a%b"]],
    [{ status: "404" }, ["/upload"]],
    [{ from: "2026-11-21T13:00:00.000000001Z" }, ["/upload"]],
    [{ to: "2026-11-21T13:00:00Z" }, ["/a%b"]],
    [{ offset: "1" }, ["/a%b"]],
    [{ path: "' OR '1'='1" }, []],
  ])("%j", async (init, expected) => expect((await list(init)).data.map((row) => row.path)).toEqual(expected));

  it.each([
    [{ limit: "0" }, /limit is "0"; it must be a number from 1 to 1000/],
    [{ limit: "1001" }, /limit is "1001"/],
    [{ limit: "ten" }, /limit is "ten"/],
    [{ offset: "-1" }, /offset is "-1"/],
    [{ offset: "10001" }, /offset is "10001"; it must be a number from 0 to 10000/],
    [{ status: "1000" }, /status is "1000"/],
    [{ status: "4e2" }, /status is "4e2"/],
    [{ from: "now" }, /from is "now"/],
    [{ to: "2026-13-01T00:00:00Z" }, /to is "2026-13/],
  ])("%j is refused by name", async (init, text) =>
    expect(await errorOf(list(init))).toMatchObject({ kind: "invalid_request", message: expect.stringMatching(text) }),
  );
});
