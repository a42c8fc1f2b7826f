import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nanosToText } from "../record-time.ts";
import type { TimeContext } from "./calendar-time.ts";
import { hasTimeForm, timeAt } from "./line-time.ts";

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);
const UTC: TimeContext = { nowMs: NOW, offsetMinutes: () => 0 };

/** What is read at the beginning of a text, as RFC 3339 in UTC, and what stands behind it. */
function read(text: string, context = UTC): [string, string] | undefined {
  const found = timeAt(text, 0, context);
  expect(hasTimeForm(text, 0) || found === undefined).toBe(true); // The cheap look finds all that the whole one finds.
  return found && [nanosToText(found.nanos).replace(/\.?0*Z$/, "Z"), text.slice(found.end)];
}

describe("a time at the beginning of a text", () => {
  it("is no number with zeros before it", () => {
    expect(read("0012345678 user logged in")).toBeUndefined();
  });

  it.each([
    // RFC 3339 and what is like it.
    ["2026-11-22T10:00:00Z x", "2026-11-22T10:00:00Z", " x"],
    ["2026-11-22T10:00:00.123456789Z", "2026-11-22T10:00:00.123456789Z", ""],
    ["2026-11-22T10:00:00.123456789987Z", "2026-11-22T10:00:00.123456789Z", ""],
    ["2026-11-22t10:00:00z|x", "2026-11-22T10:00:00Z", "|x"],
    ["2026-11-22T10:00:00.5+02:00 x", "2026-11-22T08:00:00.5Z", " x"],
    ["2026-11-22T10:00:00-0530 x", "2026-11-22T15:30:00Z", " x"],
    ["2026-11-22 10:00:00 +0200 x", "2026-11-22T08:00:00Z", " x"],
    ["2026-11-22 10:00:00+02 x", "2026-11-22T08:00:00Z", " x"],
    ["2026-11-22 10:00:00,123 INFO", "2026-11-22T10:00:00.123Z", " INFO"],
    ["2026-11-22T10:00:00,123][INFO ]", "2026-11-22T10:00:00.123Z", "][INFO ]"],
    ["[2026-11-22T10:00:00,123][INFO ]", "2026-11-22T10:00:00.123Z", "[INFO ]"],
    ["[2026-11-22T10:00:00Z INFO  crate]", "2026-11-22T10:00:00Z", " INFO  crate]"],
    ["(2026-11-22 10:00:00) x", "2026-11-22T10:00:00Z", " x"],
    ["2026-11-22 10:00:00 status installed", "2026-11-22T10:00:00Z", " status installed"],
    ["2026-11-22 10:00:00: x", "2026-11-22T10:00:00Z", ": x"],
    ["2026-11-22  9:05:01 0 [Note]", "2026-11-22T09:05:01Z", " 0 [Note]"],
    ["2026-11-22 10:00:00.123 UTC [71] LOG:", "2026-11-22T10:00:00.123Z", " [71] LOG:"],
    ["2026-11-22 10:00:00.123 GMT x", "2026-11-22T10:00:00.123Z", " x"],
    ["2026-11-22 10:00:00.123 CET [71] LOG:", "2026-11-22T10:00:00.123Z", " [71] LOG:"], // Local: 0 here.
    ["2026-11-22 10:00:00 - root - INFO", "2026-11-22T10:00:00Z", " - root - INFO"],
    ["2026/11/22 10:00:00 [error]", "2026-11-22T10:00:00Z", " [error]"],
    ["2026/11/22 10:00:00.123456 x", "2026-11-22T10:00:00.123456Z", " x"],
    ["261122 10:00:00 [Note]", "2026-11-22T10:00:00Z", " [Note]"],
    ["261122  9:00:00 [Note]", "2026-11-22T09:00:00Z", " [Note]"],
    // Names of months.
    ["22 Nov 2026 10:00:00.123 * Ready", "2026-11-22T10:00:00.123Z", " * Ready"],
    ["22-Nov-2026 10:00:00.123 INFO", "2026-11-22T10:00:00.123Z", " INFO"],
    ["[22/Nov/2026:10:00:00 +0200] x", "2026-11-22T08:00:00Z", " x"],
    ["Sun Nov 22 10:00:00 2026 x", "2026-11-22T10:00:00Z", " x"],
    ["[Sun Nov 22 10:00:00.123456 2026] [core:error]", "2026-11-22T10:00:00.123456Z", " [core:error]"],
    ["Sun Nov 22 10:00:00 UTC 2026", "2026-11-22T10:00:00Z", ""],
    ["Sun, 22 Nov 2026 10:00:00 GMT x", "2026-11-22T10:00:00Z", " x"],
    ["Sun, 22 Nov 2026 10:00:00 +0100 x", "2026-11-22T09:00:00Z", " x"],
    ["Nov 22, 2026 9:00:00 PM shop.Orders take", "2026-11-22T21:00:00Z", " shop.Orders take"],
    ["Nov 22, 2026 12:00:00 AM x", "2026-11-22T00:00:00Z", " x"],
    ["Nov 22, 2026, 12:00:00\u202fPM x", "2026-11-22T12:00:00Z", " x"],
    ["Nov 22 2026 10:00:00 x", "2026-11-22T10:00:00Z", " x"],
    ["Nov 22 10:00:00 host app: x", "2026-11-22T10:00:00Z", " host app: x"],
    ["Nov  2 10:00:00.123 host", "2026-11-02T10:00:00.123Z", " host"],
    // klog and glog.
    ["I1122 10:00:00.123456    7 main.go:12] x", "2026-11-22T10:00:00.123456Z", "    7 main.go:12] x"],
    ["E20261122 10:00:00.123456 7 main.cc:12] x", "2026-11-22T10:00:00.123456Z", " 7 main.cc:12] x"],
    // Since 1970.
    ["1795341600 x", "2026-11-22T10:00:00Z", " x"],
    ["1795341600.123456 x", "2026-11-22T10:00:00.123456Z", " x"],
    ["1795341600123, x", "2026-11-22T10:00:00.123Z", ", x"],
    ["1795341600123.456 x", "2026-11-22T10:00:00.123456Z", " x"],
    ["[1795341600.5] x", "2026-11-22T10:00:00.5Z", " x"],
    ["1970-01-01 00:00:00 x", "1970-01-01T00:00:00Z", " x"],
    ["2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775807Z", ""],
  ])("%j is %s", (text, time, rest) => expect(read(text)).toEqual([time, rest]));

  it.each([
    ["a month that is none", "2026-13-01 10:00:00 x"],
    ["month 0", "2026-00-01 10:00:00 x"],
    ["February 30", "2026-02-30 10:00:00 x"],
    ["February 29 of a year that has none", "2026-02-29T10:00:00Z"],
    ["February 29 of 1900 and the like", "2100-02-29T10:00:00Z"],
    ["hour 24", "2026-11-22 24:00:00 x"],
    ["minute 60", "2026-11-22 10:60:00 x"],
    ["a leap second", "2026-12-31 23:59:60 x"],
    ["a time before 1970", "1969-12-31T23:59:59Z"],
    ["a time before 1970, by its zone", "1970-01-01T00:00:00+01:00"],
    ["a time that 64 bits of nanoseconds do not hold", "2262-04-11T23:47:16.854775808Z"],
    ["the name of no month", "22 Nox 2026 10:00:00 x"],
    ["hour 13 of twelve", "Nov 22, 2026 13:00:00 PM x"],
    ["a day alone", "2026-11-22 status"],
    ["no seconds", "2026-11-22 10:00 x"],
    ["a word that begins like a time", "2026-11-22T10:00:00Zebra"],
    ["nine digits", "179534160 x"],
    ["eleven digits", "17953416001 x"],
    ["ten digits at the end", "1795341600"],
    ["ten digits in a word", "1795341600x"],
    ["ten digits that are years ahead", "9999999999 x"],
    ["nothing", ""],
    ["an opening bracket", "["],
    ["text", "hello"],
  ])("is not %s", (_what, text) => expect(read(text)).toBeUndefined());

  it("is found wherever it stands", () => {
    expect(timeAt("WARN [2026-11-22 10:00:00] x", 5, UTC)?.end).toBe(26);
    expect(timeAt("WARN [2026-11-22 10:00:00] x", 4, UTC)).toBeUndefined();
  });

  it("without a zone is local, as it was at that time", () => {
    const summerIs2 = {
      nowMs: NOW,
      offsetMinutes: (ms: number) => ([5, 6, 7].includes(new Date(ms).getUTCMonth()) ? 120 : 60),
    };
    expect(read("2026-07-01 10:00:00 x", summerIs2)?.[0]).toBe("2026-07-01T08:00:00Z");
    expect(read("2026-12-01 10:00:00 x", summerIs2)?.[0]).toBe("2026-12-01T09:00:00Z");
    expect(read("Jul  1 10:00:00 x", summerIs2)?.[0]).toBe("2026-07-01T08:00:00Z");
    expect(read("2026-07-01 10:00:00Z x", summerIs2)?.[0]).toBe("2026-07-01T10:00:00Z");
  });

  it.each([
    ["Nov 22 10:00:00 x", "2026-11-22T12:00:00Z", "2026-11-22T10:00:00Z"],
    ["Nov 22 10:00:00 x", "2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z"], // An hour ahead.
    ["Nov 24 10:00:00 x", "2026-11-22T12:00:00Z", "2025-11-24T10:00:00Z"],
    ["Dec 31 23:59:59 x", "2027-01-01T00:00:05Z", "2026-12-31T23:59:59Z"],
    ["Jan  1 00:00:05 x", "2026-12-31T23:59:59Z", "2027-01-01T00:00:05Z"], // A clock that runs fast.
    ["Feb 29 10:00:00 x", "2026-11-22T12:00:00Z", "2024-02-29T10:00:00Z"],
    ["Feb 29 10:00:00 x", "2103-11-22T12:00:00Z", "2096-02-29T10:00:00Z"],
    ["I1123 10:00:01.000000 x", "2026-11-22T10:00:00Z", "2025-11-23T10:00:01Z"],
  ])("%j, read on %s, is of the year in %s", (text, now, time) => {
    expect(read(text, { ...UTC, nowMs: Date.parse(now) })?.[0]).toBe(time);
  });

  it("is read to the nanosecond in every form that can say it", () => {
    const nanosOf = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(nanosOf, fc.constantFrom(".", ","), fc.constantFrom(" ", "]", ""), (nanos, mark, behind) => {
        const text = nanosToText(nanos); // 2026-11-22T10:00:00.123456789Z
        const [day, clock] = [text.slice(0, 10), text.slice(11, 29).replace(".", mark)];
        const seconds = String(nanos / 1_000_000_000n);
        for (const form of [
          `${day}T${clock}Z`,
          `${day} ${clock}`,
          `${day.replaceAll("-", "/")} ${clock}`,
          ...(seconds.length === 10 ? [`${seconds}.${text.slice(20, 29)} `] : []),
        ]) {
          const found = timeAt(form + behind, 0, { ...UTC, nowMs: 9_300_000_000_000 });
          expect([form, found?.nanos, found?.end]).toEqual([form, nanos, form.trimEnd().length]);
        }
      }),
    );
  });
});
