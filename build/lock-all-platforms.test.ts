import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { completeLock, type Lock } from "./lock-all-platforms.ts";

const readLock = () =>
  JSON.parse(readFileSync(join(import.meta.dirname, "..", "package-lock.json"), "utf8")) as Lock & {
    packages: Record<string, { resolved?: string }>;
  };

it("the lock file has every platform's packages, or npm ci fails: npm run lock mends it", () => {
  expect(completeLock(readLock())).toEqual([]);
});

it("the lock file names no registry", () => {
  for (const [name, entry] of Object.entries(readLock().packages)) expect(entry.resolved, name).toBeUndefined();
});

it("a missing platform is added with what npm looks at", () => {
  const lock: Lock = {
    packages: {
      "": {},
      "node_modules/tool": {
        version: "1.2.3",
        dev: true,
        license: "MIT",
        optionalDependencies: { "@tool/linux-x64-musl": "1.2.3", "tool-extra": "1.0.0" },
      },
    },
  };
  expect(completeLock(lock)).toEqual(["@tool/linux-x64-musl"]);
  expect(lock.packages["node_modules/@tool/linux-x64-musl"]).toEqual({
    version: "1.2.3",
    cpu: ["x64"],
    dev: true,
    libc: ["musl"],
    license: "MIT",
    optional: true,
    os: ["linux"],
  });
});
