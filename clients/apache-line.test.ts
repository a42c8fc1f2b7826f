import { toJson } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { LogRecordSchema } from "../gen/logpulse/v1/log_record_pb.ts";
import { parseApacheLine } from "./apache-line.ts";

const json = (line: string) => {
  const record = parseApacheLine(line, "apache");
  return record && toJson(LogRecordSchema, record);
};

it("a combined line is a record with everything in it", () => {
  const line =
    '83.149.9.216 - - [17/May/2015:10:05:03 +0200] "GET /a b?c HTTP/1.1" 404 203023 "http://x/\\"y\\"" "Mozilla/5.0"';
  expect(json(line)).toEqual({
    time: "2015-05-17T08:05:03Z",
    severity: "SEVERITY_WARN",
    service: "apache",
    message: line,
    http: {
      clientIp: "83.149.9.216",
      method: "GET",
      path: "/a b?c",
      status: 404,
      responseBytes: "203023",
      referer: 'http://x/\\"y\\"',
      userAgent: "Mozilla/5.0",
      protocol: "HTTP/1.1",
    },
  });
});

it.each([
  ['::1 - frank smith [01/Jan/2026:00:00:00 +0000] "-" 408 -', { clientIp: "::1", path: "-", status: 408 }],
  [
    '1.1.1.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.0" 200 5',
    { method: "GET", path: "/", protocol: "HTTP/1.0" },
  ],
])("%s is read too", (line, http) => expect(json(line)).toMatchObject({ http }));

it.each(["", "hello", '1.1.1.1 - - [99/Foo/2026:00:00:00 +0000] "GET / HTTP/1.0" 200 5'])("%j is not one", (line) =>
  expect(json(line)).toBeUndefined(),
);
