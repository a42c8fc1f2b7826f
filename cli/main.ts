import { runCommandLine } from "./run-command-line.ts";

const code = await runCommandLine(process.argv.slice(2), process);
process.exit(code); // Standard input may be open still, and a connection on its way to be closed.
