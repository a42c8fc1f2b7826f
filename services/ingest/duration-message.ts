import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";

/** A length of time as the contract says it; a part of a millisecond counts as a whole one. */
export function durationMessage(ms: number): Duration {
  const whole = Math.ceil(ms);
  return create(DurationSchema, { seconds: BigInt(Math.floor(whole / 1_000)), nanos: (whole % 1_000) * 1_000_000 });
}
