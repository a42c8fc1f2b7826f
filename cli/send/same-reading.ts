import { CommandFailure, EXIT } from "../exit-code.ts";
import type { FollowedParts } from "./followed-parts.ts";
import { isSameZone } from "./line-context.ts";
import type { FilePosition } from "./position-file.ts";

type Reading = Pick<FollowedParts, "context" | "format" | "strict" | "zone">;

/** @throws CommandFailure where an earlier call has read that file in another way: what is in doubt has to be sent as it was. */
export function requireSameReading(before: FilePosition, reading: Reading): void {
  if (before.left === "done" || isSameReading(before, reading)) return;
  const { path, service, format = "auto", strict, zone } = before;
  const options = `-s ${service} --format ${format}${strict ? " --strict" : ""}${zone ? ` and times of ${zone}` : ""}`;
  throw new CommandFailure(
    EXIT.usage,
    `${path} was followed with ${options} so far: what is not acknowledged has to be sent as it was`,
    "Go on with the same (TZ or --utc for times); or give another --position-file, and the file is sent from its beginning.",
  );
}

function isSameReading(before: FilePosition, { context, format, strict, zone }: Reading): boolean {
  if (before.service !== context.service || before.strict !== strict) return false;
  if (before.zone !== undefined && !isSameZone(before.zone, zone)) return false;
  return format === undefined || format === before.format || isUntouched(before);
}

/** Nothing of it can have been sent. */
function isUntouched({ format, position, marks }: FilePosition): boolean {
  return format === undefined && position.lines === 0 && marks.length === 0;
}
