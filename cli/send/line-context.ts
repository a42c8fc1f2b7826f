import type { LineContext } from "../../services/domain/lines/line-format.ts";
import type { CommandContext } from "../command.ts";
import { localOffsetMinutes } from "./local-time.ts";

/** What lines do not say themselves, as the command line has it. `nowMs` is to be brought up to date now and then. */
export function lineContext(service: string, { terminal, nowMs }: CommandContext): LineContext {
  return { service, nowMs: nowMs(), offsetMinutes: terminal.zone === "utc" ? () => 0 : localOffsetMinutes };
}
