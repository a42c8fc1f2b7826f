import { drawnText } from "./drawn-text.ts";
import { padded, textWidth } from "./text-width.ts";

/** Name and value, not drawn yet. */
export type Field = readonly [name: string, value: string];

/**
 * A field a line: `status   504`; those without a value are left out. A text of several lines goes on below itself,
 * set in; with `isPlain` it is one line, and names and values are apart by a tab.
 */
export function fieldLines(fields: readonly Field[], isPlain: boolean): string[] {
  const given = fields.filter(([, value]) => value !== "").map(([name, value]): Field => [drawnText(name), value]);
  if (isPlain) return given.map(([name, value]) => `${name}\t${drawnText(value)}`);
  const width = Math.max(0, ...given.map(([name]) => textWidth(name)));
  return given.flatMap(([name, value]) => {
    const [first = "", ...rest] = value.split("\n").map(drawnText);
    return [`${padded(name, width, "left")}  ${first}`, ...rest.map((line) => " ".repeat(width + 2) + line)];
  });
}
