/** `npm run stack:status`: exit code 0 when all parts that were started run. */
import { readFlags, STACK_DIRECTORY } from "./stack-directory.ts";
import { readState } from "./state.ts";
import { tellState } from "./status-lines.ts";

readFlags();
const state = readState(STACK_DIRECTORY);
if (state === undefined) console.log(`nothing was started in ${STACK_DIRECTORY}`);
process.exitCode = state !== undefined && tellState(state) ? 0 : 1;
