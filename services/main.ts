import { enableCompileCache } from "node:module";
import { join } from "node:path";

// Before anything else is loaded, so nothing else is imported here: what was compiled for the last start need not be
// compiled again, in no thread. That halves the time to start. Where the folder cannot be written, it does without.
const { directory } = enableCompileCache(join(import.meta.dirname, "..", "node_modules", ".cache", "logpulse"));
if (directory !== undefined) process.env.NODE_COMPILE_CACHE ??= directory; // Threads look for it there.

const { start } = await import("./wiring/start.ts");
await start(process.env);
