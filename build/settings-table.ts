/** `npm run docs`: writes the table of settings into README.md, from services/config.ts. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SETTINGS } from "../services/settings.ts";

const README = join(import.meta.dirname, "..", "README.md");
const BETWEEN = /(<!-- settings -->\n)[\s\S]*(<!-- \/settings -->)/;

/** The README with its table as the settings are now. */
export function withSettingsTable(readme: string): string {
  const rows = Object.entries(SETTINGS).map(
    ([name, { usual, purpose }]) => `| \`${name}\` | ${shown(usual)} | ${purpose} |`,
  );
  const table = ["| variable | default | |", "| --- | --- | --- |", ...rows].join("\n");
  return readme.replace(BETWEEN, (_all, start: string, end: string) => `${start}\n${table}\n\n${end}`);
}

function shown(value: string): string {
  return value === "" ? "" : `\`${value}\``;
}

if (import.meta.main) writeFileSync(README, withSettingsTable(readFileSync(README, "utf8")));
