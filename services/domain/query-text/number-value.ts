/** What a number counts: `time` in nanoseconds, `bytes`, or nothing. */
export type NumberUnit = "time" | "bytes" | undefined;

const MS = 1_000_000n;
const SECOND = 1_000n * MS;

const SCALES: Record<"time" | "bytes", Record<string, bigint>> = {
  time: {
    "": MS,
    ns: 1n,
    us: 1_000n,
    "\u00b5s": 1_000n, // Micro sign, and the Greek letter.
    "\u03bcs": 1_000n,
    ms: MS,
    s: SECOND,
    m: 60n * SECOND,
    h: 3_600n * SECOND,
  },
  bytes: { "": 1n, b: 1n, kb: 1_000n, mb: 1_000_000n, kib: 1_024n, mib: 1_048_576n },
};

const NUMBER = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?([a-z\u00b5\u03bc]{0,3})$/;
const INT64_MAX = 2n ** 63n - 1n;

/** The units that a number can have behind it, in words. */
export const UNIT_NAMES: Record<"time" | "bytes", string> = {
  time: "ns, us, ms, s, m or h",
  bytes: "b, kb, mb, kib or mib",
};

/** The number exactly; undefined where the text is none, is no whole number of the unit's smallest, or needs over 64 bits. */
export function numberOfText(text: string, unit: NumberUnit): bigint | undefined {
  const [whole, sign, digits = "", fraction = "", suffix = ""] = NUMBER.exec(text.toLowerCase()) ?? [];
  const scales = unit ? SCALES[unit] : { "": 1n };
  const scale = Object.hasOwn(scales, suffix) ? scales[suffix] : undefined;
  if (whole === undefined || scale === undefined) return undefined;
  const tenths = 10n ** BigInt(fraction.length);
  const scaled = BigInt(digits + fraction) * scale;
  if (scaled % tenths !== 0n) return undefined;
  const value = sign ? -(scaled / tenths) : scaled / tenths;
  return isInt64(value) ? value : undefined;
}

/** Whether 64 bits hold it. */
export function isInt64(value: bigint): boolean {
  return value <= INT64_MAX && value >= -INT64_MAX - 1n;
}

/** The number as a query has it: with the largest unit of which it is a whole number. */
export function textOfNumber(value: bigint, unit: NumberUnit): string {
  if (unit !== "time") return String(value);
  const suffix = ["h", "m", "s", "ms", "us"].find((of) => value !== 0n && value % SCALES.time[of]! === 0n) ?? "ns";
  return `${value / SCALES.time[suffix]!}${suffix}`;
}
