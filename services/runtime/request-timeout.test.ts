import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { countableConnectTimeout, countableGrpcTimeout, grpcTimeoutMs } from "./request-timeout.ts";
import { pathOf, startTestServer } from "./server.fixture.ts";
import { grpcFrame, openHttp2 } from "./wire.fixture.ts";

const { write } = IngestService.method;

describe("a time-out", () => {
  it("is the one that was asked for, or 24 days", () => {
    const cases = { "1S": "1S", "2147483S": "2147483S", "2147484S": "2147483S", "99999999H": "2147483S" };
    for (const [asked, given] of Object.entries(cases)) assert.equal(countableGrpcTimeout(asked), given);
    for (const other of ["99999999m", "99999999n", "soon", "", "999999999S"])
      assert.equal(countableGrpcTimeout(other), other);
    assert.equal(countableConnectTimeout("5000"), "5000");
    assert.equal(countableConnectTimeout("9999999999"), "2147483647");
    assert.equal(countableConnectTimeout("soon"), "soon");
  });

  it("is read in each of its units, or is none", () => {
    const cases = {
      "2H": 7_200_000,
      "3M": 180_000,
      "0S": 0,
      "20m": 20,
      "1500u": 1.5,
      "1n": 1e-6,
      "99999999H": 2 ** 31 - 1,
    };
    for (const [text, ms] of Object.entries(cases)) assert.equal(grpcTimeoutMs(text), ms, text);
    for (const text of ["", "S", "5", "5s", "-1S", "1.5S", "999999999S", "1S ", "1S, 2S"]) {
      assert.equal(grpcTimeoutMs(text), undefined, text);
    }
  });

  it.each(["1S", "2592000S", "99999999M", "99999999H", "99999999m"])(
    "of %s does not end a call at once",
    async (timeout) => {
      const { address } = await startTestServer();
      const headers = { ":path": pathOf(write), "grpc-timeout": timeout };
      const grpc = await openHttp2(address).request(headers, grpcFrame(Buffer.from("a")));
      assert.equal(grpc.trailers["grpc-status"], "0");
      const web = { "content-type": "application/grpc-web+proto", "grpc-timeout": timeout };
      const body = grpcFrame(Buffer.alloc(0));
      const response = await fetch(`http://${address}${pathOf(write)}`, { method: "POST", headers: web, body });
      assert.match(await response.text(), /grpc-status: 0/);
    },
  );

  it("of 115 days does not end a Connect call at once", async () => {
    const { address } = await startTestServer();
    const headers = { "content-type": "application/json", "connect-timeout-ms": "9999999999" };
    const response = await fetch(`http://${address}${pathOf(write)}`, { method: "POST", headers, body: "{}" });
    assert.equal(response.status, 200);
  });
});
