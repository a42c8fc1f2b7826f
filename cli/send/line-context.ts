import type { LineContext } from "../../services/domain/lines/line-format.ts";
import type { CommandContext } from "../command.ts";
import { localOffsetMinutes } from "./local-time.ts";

/** What lines do not say themselves, as the command line has it. `nowMs` is to be brought up to date now and then. */
export function lineContext(service: string, { terminal, nowMs }: CommandContext): LineContext {
  return { service, nowMs: nowMs(), offsetMinutes: terminal.zone === "utc" ? () => 0 : localOffsetMinutes };
}

/** The name of the zone of its `offsetMinutes`: "Europe/Berlin". */
export function zoneOfLines({ terminal }: Pick<CommandContext, "terminal">): string {
  return terminal.zone === "utc" ? "UTC" : new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Whether these are names of the same zone: some have several. */
export function isSameZone(one: string, other: string): boolean {
  return zoneName(one) === zoneName(other);
}

/** Undefined for one that this machine does not know. */
function zoneName(zone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
