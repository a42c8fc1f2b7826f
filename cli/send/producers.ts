import { randomBytes } from "node:crypto";
import { makeUuidV7, uuidV7TimeMs } from "../../services/domain/identity.ts";

/** A producer of the time now. 32 hexadecimal digits. */
export function newProducer(nowMs: number): string {
  return Buffer.from(makeUuidV7(nowMs, randomBytes(10))).toString("hex");
}

/** When it was drawn, in milliseconds since 1970. */
export function producerTimeMs(producer: string): number {
  return uuidV7TimeMs(Buffer.from(producer, "hex"));
}
