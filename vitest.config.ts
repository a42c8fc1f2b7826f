import { defineConfig } from "vitest/config";

const ignored = ["node_modules/**", "stack/.cache/**", "stack/.run/**"];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...ignored, "**/*.server.test.ts", "**/*.process.test.ts"],
          // Each takes seconds at most; a machine with much else to do may need several times as long.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        // They start the program or other processes of ours, kill them, fill disks: seconds each, but no server is needed.
        test: {
          name: "processes",
          include: ["**/*.process.test.ts"],
          exclude: ignored,
          retry: 1, // As below.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "servers",
          include: ["**/*.server.test.ts"],
          exclude: ignored,
          globalSetup: "tests/start-servers.ts",
          // Two files at a time: the real servers need the rest of a small machine.
          maxWorkers: 2,
          // Once more, because servers that share two cores with everything else miss a bound of time now and then; what
          // is wrong is wrong twice. A test that needed it is shown as such.
          retry: 1,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
