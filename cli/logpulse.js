#!/usr/bin/env node
// Plain JavaScript that any Node reads: LogPulse itself needs Node 24 or later, which its optional packages bring.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"];
const packages = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules");

if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) {
  // Before any TypeScript is loaded: what was compiled for the last start need not be compiled again, nor the compiler loaded.
  // Where the folder cannot be written, it does without.
  module.enableCompileCache(join(packages, ".cache", "logpulse"));
  await import("./main.ts");
} else {
  const own = join(packages, ".bin", "node");
  if (existsSync(own)) {
    runWith(own);
  } else {
    console.error(
      `logpulse needs Node ${NODE_MAJOR_MIN} or later; this is ${process.version}. Run "npm ci" in its folder.`,
    );
    process.exitCode = 1;
  }
}

/** The command itself decides how it ends: this process hands signals on and ends as it does. */
function runWith(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
