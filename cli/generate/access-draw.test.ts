import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { parseAccessLine } from "../../services/domain/lines/access-line.ts";
import { drawAccess, writeAccessLine } from "./access-draw.ts";
import { accessRecord } from "./drawn-messages.ts";
import { SeededRandom } from "./seeded-random.ts";

const TIME_MS = Date.parse("2026-03-01T10:42:07.298Z");
const USUAL = { clientErrors: 0.05, serverErrors: 0.01 };

const requests = (count: number, shares = USUAL, seed = 7) => {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => drawAccess(random, shares));
};
const shareOf = (statusClass: number, shares: typeof USUAL) => {
  const drawn = requests(20_000, shares);
  return drawn.filter(({ status }) => Math.floor(status / 100) === statusClass).length / drawn.length;
};

describe("drawn access lines", () => {
  it("are system B's", () => {
    const access = { clientIp: "10.20.0.1", method: "GET", path: "/cart", status: 404, latencyMs: 12 };
    expect(writeAccessLine(TIME_MS, access)).toBe("2026-03-01T10:42:07.298Z 10.20.0.1 GET /cart 404 12ms");
  });

  it("are all read by the server, as the records that are sent in their place by gRPC", () => {
    for (const access of requests(2_000)) {
      const read = parseAccessLine(writeAccessLine(TIME_MS, access));
      if ("reason" in read) throw new Error(`${writeAccessLine(TIME_MS, access)}: ${read.field} ${read.reason}`);
      expect(toJson(LogRecordSchema, accessRecord(TIME_MS, access))).toEqual(toJson(LogRecordSchema, read));
    }
  });

  it.each([
    [0.05, 0.01],
    [0, 0],
    [1, 0],
    [0, 1],
    [0.3, 0.7],
  ])("have so many client and server errors: %d, %d", (clientErrors, serverErrors) => {
    const shares = { clientErrors, serverErrors };
    expect(Math.abs(shareOf(4, shares) - clientErrors)).toBeLessThan(0.01);
    expect(Math.abs(shareOf(5, shares) - serverErrors)).toBeLessThan(0.01);
  });

  it("have no more than a few hundred paths, and many clients", () => {
    const drawn = requests(20_000);
    const paths = new Set(drawn.map(({ path }) => path.split("?")[0]));
    expect(paths.size).toBeGreaterThan(50);
    expect(paths.size).toBeLessThan(300);
    expect(new Set(drawn.map(({ clientIp }) => clientIp)).size).toBeGreaterThan(1_000);
  });

  it("are the same for the same seed", () => {
    expect(requests(500)).toEqual(requests(500));
    expect(requests(500)).not.toEqual(requests(500, USUAL, 8));
  });
});
