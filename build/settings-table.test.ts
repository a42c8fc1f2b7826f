import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withSettingsTable } from "./settings-table.ts";

it("README has every setting with its default: npm run docs writes the table", () => {
  const readme = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");
  expect(withSettingsTable(readme)).toBe(readme);
});
