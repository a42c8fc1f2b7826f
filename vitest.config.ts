import { defineConfig } from "vitest/config";

const ignored = ["node_modules/**", "stack/.cache/**", "stack/.run/**"];

export default defineConfig({
  test: {
    projects: [
      {
        test: { name: "unit", include: ["**/*.test.ts"], exclude: [...ignored, "**/*.server.test.ts"] },
      },
      {
        test: {
          name: "servers",
          include: ["**/*.server.test.ts"],
          exclude: ignored,
          globalSetup: "tests/start-servers.ts",
          // Two files at a time: the real servers need the rest of a small machine.
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
