const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const PART = /(\d{1,15}(?:\.\d{1,9})?)(ms|s|m|h|d|w)/y;

/**
 * A length of time in milliseconds: `90s`, `1.5m`, `1h30m`; units are ms, s, m, h, d, w. Undefined for anything else.
 */
export function parseDuration(text: string): number | undefined {
  let ms = 0;
  PART.lastIndex = 0;
  for (let at = 0; at < text.length || at === 0; at = PART.lastIndex) {
    const part = PART.exec(text);
    if (!part) return undefined;
    ms += Number(part[1]) * UNIT_MS[part[2]!]!;
  }
  return Math.round(ms);
}
