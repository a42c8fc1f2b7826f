const FULL_MAX = 999_999; // Counts up to here stand in full.
const LARGE_UNITS = ["", "k", "M", "G", "T", "P"];
const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** For what is not known; 0 is "0". */
export const UNKNOWN_TEXT = "–";

/** A count: `12,408` in full up to 999,999, then three digits: `1.20 M`. */
export function countText(count: number): string {
  if (count <= FULL_MAX) return fullCountText(count);
  return scaled(count, 1_000, LARGE_UNITS);
}

/** A count with all of its digits: `1,204,118`. */
export function fullCountText(count: number | bigint): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count of things, with all of its digits: `1 record`, `12,408 records`. */
export function amountText(count: number | bigint, thing: string): string {
  return `${fullCountText(count)} ${thing}${Number(count) === 1 ? "" : "s"}`;
}

/** Bytes: `812 B`, `1.21 KiB`, `19.2 MiB`. */
export function bytesText(bytes: number): string {
  return scaled(bytes, 1_024, BYTE_UNITS);
}

/**
 * A length of time with three digits: `412 µs`, `31.0 ms`, `1.24 s`; from a minute on `2 min 05 s`, `3 h 12 min`, `2
 * d 04 h`.
 */
export function durationText(ms: number): string {
  if (ms === 0) return "0 ms";
  if (ms < 0.999_5) return `${threeDigits(ms * 1_000)} µs`;
  if (ms < 999.5) return `${threeDigits(ms)} ms`;
  if (ms < 59_950) return `${threeDigits(ms / 1_000)} s`;
  const [unitMs, unit, partMs, part] =
    ms < HOUR_MS - 500
      ? [MINUTE_MS, "min", 1_000, "s"]
      : ms < DAY_MS - 30_000
        ? [HOUR_MS, "h", MINUTE_MS, "min"]
        : [DAY_MS, "d", HOUR_MS, "h"];
  const parts = Math.round(ms / Number(partMs));
  const perUnit = Number(unitMs) / Number(partMs);
  return `${Math.floor(parts / perUnit)} ${unit} ${String(parts % perUnit).padStart(2, "0")} ${part}`;
}

/** A share of 1: `0.51 %`, `< 0.01 %`. */
export function percentText(share: number): string {
  if (share > 0 && share < 0.000_1) return "< 0.01 %";
  return `${(share * 100).toFixed(2)} %`;
}

/** A number with three digits that count: `1.24`, `31.0`, `412`. */
export function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let [left, at] = [value, 0];
  while (left >= step - 0.5 && at < units.length - 1) {
    left /= step;
    at += 1;
  }
  const digits = at === 0 ? String(left) : threeDigits(left);
  return `${digits} ${units[at]}`.trimEnd();
}
