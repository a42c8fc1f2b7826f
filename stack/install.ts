/** `npm run stack:install`: everything that the real servers need, and the only command that installs system packages. */
import { installPiece } from "./install-pieces.ts";
import { installSystem, systemIsComplete } from "./install-system.ts";
import { installedServers, type Piece, pieceIsComplete } from "./installed.ts";

/** Pieces in one lane wait for each other: two Mavens would write the same local repository at once. */
const LANES: readonly (readonly Piece[])[] = [["kafka", "elasticsearch"], ["envoy", "consumer"], ["ghz"]];

const failures: string[] = [];

// First and alone: the other pieces may need its Java, Maven and Python.
await step("system packages", await systemIsComplete(), installSystem);
await Promise.all(
  LANES.map(async (lane) => {
    for (const piece of lane) await step(piece, pieceIsComplete(piece), () => installPiece(piece));
  }),
);

const { installed, missing } = installedServers();
console.log(`ready to start: ${installed.join(", ") || "none"}`);
for (const failure of failures) console.error(`\n${failure}`);
if (missing.length > 0)
  console.error(`\nmissing: ${missing.map(({ name, reason }) => `${name} (${reason})`).join(", ")}`);
process.exitCode = failures.length + missing.length === 0 ? 0 : 1;

async function step(name: string, done: boolean, install: () => Promise<void>): Promise<void> {
  if (done) return console.log(`${name}: already there`);
  const began = performance.now();
  const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  console.log(`${name}: installing …`);
  try {
    await install();
    console.log(`${name}: installed in ${seconds()}`);
  } catch (error) {
    console.error(`${name}: failed after ${seconds()}`);
    failures.push(`${name} is not installed: ${(error as Error).message}`);
  }
}
