import { padded, textWidth } from "./text-width.ts";

/** A column of a table. */
export interface TableColumn {
  title: string;
  /** Numbers stand on the right, with their units. */
  align: "left" | "right";
}

/**
 * The lines of a table with its titles, columns two blanks apart; with `isPlain` without titles, apart by tabs.
 *
 * `rows`: a text for each column, already drawn (see drawn-text.ts).
 */
export function tableLines(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  isPlain: boolean,
): string[] {
  if (isPlain) return rows.map((row) => row.join("\t"));
  const titles = columns.map(({ title }) => title);
  const widths = columns.map(({ title }, at) => Math.max(textWidth(title), ...rows.map((row) => textWidth(row[at]!))));
  return [titles, ...rows].map((row) =>
    columns
      .map(({ align }, at) => padded(row[at]!, widths[at]!, align))
      .join("  ")
      .trimEnd(),
  );
}
