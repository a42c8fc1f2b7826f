#!/usr/bin/env node
// Plain JavaScript that any Node reads: LogPulse itself needs Node 24 or later, which its optional packages bring.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;
const folder = dirname(fileURLToPath(import.meta.url));

if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) {
  await import("./main.ts");
} else {
  const own = join(folder, "..", "node_modules", ".bin", "node");
  if (existsSync(own)) {
    const main = join(folder, "main.ts");
    const { status, signal } = spawnSync(own, [main, ...process.argv.slice(2)], { stdio: "inherit" });
    if (signal) process.kill(process.pid, signal);
    process.exitCode = status ?? 1;
  } else {
    console.error(`logpulse needs Node ${NODE_MAJOR_MIN} or later; this is ${process.version}. Run "npm ci" in its folder.`);
    process.exitCode = 1;
  }
}
