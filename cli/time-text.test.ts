import { afterEach, describe, expect, it } from "vitest";
import { nanosToText } from "../services/domain/record-time.ts";
import { parseDuration } from "./parse-duration.ts";
import { readTime, shownTime, zoneText } from "./time-text.ts";

const NOW = Date.UTC(2026, 2, 1, 10, 42, 7, 298);
const zoneOfMachine = process.env.TZ;
afterEach(() => {
  if (zoneOfMachine === undefined) delete process.env.TZ;
  else process.env.TZ = zoneOfMachine;
});

describe("readTime, in UTC", () => {
  it.each([
    ["now", "2026-03-01T10:42:07.298000000Z"],
    ["-15m", "2026-03-01T10:27:07.298000000Z"],
    ["-1h30m", "2026-03-01T09:12:07.298000000Z"],
    ["-2d", "2026-02-27T10:42:07.298000000Z"],
    ["-0s", "2026-03-01T10:42:07.298000000Z"],
    ["2026-03-01", "2026-03-01T00:00:00.000000000Z"],
    ["2024-02-29", "2024-02-29T00:00:00.000000000Z"],
    ["2026-03-01T10:42", "2026-03-01T10:42:00.000000000Z"],
    ["2026-03-01 10:42:07", "2026-03-01T10:42:07.000000000Z"],
    ["2026-03-01T10:42:07.000000001", "2026-03-01T10:42:07.000000001Z"],
    ["2026-03-01T10:42:07.123456789Z", "2026-03-01T10:42:07.123456789Z"],
    ["2026-03-01T12:42:07+02:00", "2026-03-01T10:42:07.000000000Z"],
    ["9:05", "2026-03-01T09:05:00.000000000Z"],
    ["23:59:59.5", "2026-03-01T23:59:59.500000000Z"],
  ])("%s is %s", (text, expected) => expect(nanosToText(readTime(text, NOW, "utc")!)).toBe(expected));

  it.each([
    "",
    "-",
    "-15",
    "15m",
    "- 15m",
    "-15m ",
    "yesterday",
    "Now",
    "2026-02-29",
    "2026-13-01",
    "2026-3-1",
    "2026-03-01T24:00",
    "24:00",
    "10:60",
    "10:42:60",
    "1042",
    "1969-12-31",
    "2026-03-01T10",
    "2026-03-01T10:42:07.1234567890",
  ])("%j is no time", (text) => expect(readTime(text, NOW, "utc")).toBeUndefined());
});

describe("times in the zone of the machine", () => {
  it("are read as they are shown", () => {
    const nanos = readTime("2026-07-15T10:42:07.298", NOW, "local")!;
    expect(Number(nanos / 1_000_000n)).toBe(new Date(2026, 6, 15, 10, 42, 7, 298).getTime());
    expect(shownTime(Number(nanos / 1_000_000n), NOW, "local")).toBe("2026-07-15 10:42:07.298");
  });

  it.each([
    ["Europe/Berlin", "2026-03-29T02:30", undefined], // Clocks are put forward at 02:00.
    ["Europe/Berlin", "2026-03-29 02:00", undefined],
    ["Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59.000000000Z"],
    ["Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00:00.000000000Z"],
    ["Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00.000000000Z"], // There twice.
    ["America/Sao_Paulo", "2018-11-04T00:30", undefined], // At midnight.
    ["America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00.000000000Z"],
    ["Asia/Kolkata", "2026-03-01T00:00", "2026-02-28T18:30:00.000000000Z"],
  ])("in %s, %s is %s", (TZ, text, expected) => {
    process.env.TZ = TZ;
    const nanos = readTime(text, NOW, "local");
    expect(nanos && nanosToText(nanos)).toBe(expected);
  });

  it("have no date on the same day", () => {
    expect(shownTime(NOW, NOW, "local")).toMatch(/^\d\d:\d\d:\d\d\.298$/);
    expect(shownTime(NOW, NOW, "utc")).toBe("10:42:07.298");
    expect(shownTime(NOW - 86_400_000, NOW, "utc")).toBe("2026-02-28 10:42:07.298");
    expect(shownTime(NOW + 86_400_000, NOW, "utc")).toBe("2026-03-02 10:42:07.298");
  });

  it("name their zone", () => {
    expect(zoneText(NOW, "utc")).toBe("UTC");
    const minutes = -new Date(NOW).getTimezoneOffset();
    expect(zoneText(NOW, "local")).toMatch(minutes === 0 ? /^UTC$/ : /^UTC[+-]\d\d:\d\d$/);
  });
});

describe("parseDuration", () => {
  it.each([
    ["30s", 30_000],
    ["250ms", 250],
    ["1.5m", 90_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["1w", 604_800_000],
    ["0s", 0],
    ["0.0001s", 0],
  ])("%s is %d ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(["", "s", "30", "30 s", "-30s", "30s ", " 30s", "30x", "1e3s", "1h30", ".5s", "30S"])("%j is none", (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );
});
