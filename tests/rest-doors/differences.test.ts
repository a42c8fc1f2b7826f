import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DIFFERENCES, type Difference } from "./differences.ts";
import { GROUPS } from "./groups.ts";

const listed = Object.keys(DIFFERENCES) as Difference[];
const requests = GROUPS.flatMap(([, each]) => each);

describe("the list of what may differ between the REST doors", () => {
  it("has ten entries at most, and each is shown by a request", () => {
    expect(listed.length).toBeLessThanOrEqual(10);
    const shown = new Set(requests.map(({ differs }) => differs));
    expect(listed.filter((name) => !shown.has(name))).toEqual(["http_1_1"]); // A test of its own shows that.
    expect(requests.length).toBeGreaterThan(1_000);
  });

  it("is told to users in the same words", () => {
    const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "rest.md"), "utf8");
    const onOneLine = page.replaceAll(/\s+/g, " ");
    expect(listed.filter((name) => !onOneLine.includes(DIFFERENCES[name].why))).toEqual([]);
    expect(page.match(/^\d+\. /gm)).toHaveLength(listed.length);
  });
});
