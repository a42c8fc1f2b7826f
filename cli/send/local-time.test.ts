import { afterEach, expect, it } from "vitest";
import { localOffsetMinutes } from "./local-time.ts";

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

it.each([
  ["UTC", "2026-07-01T12:00:00Z", 0],
  ["Europe/Berlin", "2026-01-01T00:00:00Z", 60],
  ["Europe/Berlin", "2026-07-01T00:00:00Z", 120],
  ["Europe/Berlin", "2026-03-29T01:59:59Z", 60], // Clocks are put forward at 02:00.
  ["Europe/Berlin", "2026-03-29T03:00:00Z", 120],
  ["Europe/Berlin", "2026-10-25T02:30:00Z", 120], // There twice.
  ["America/New_York", "2026-01-01T00:00:00Z", -300],
  ["Asia/Kolkata", "2026-01-01T00:00:00Z", 330],
])("%s, local time %s", (TZ, asUtc, minutes) => {
  process.env.TZ = TZ;
  expect(localOffsetMinutes(Date.parse(asUtc))).toBe(minutes);
});
