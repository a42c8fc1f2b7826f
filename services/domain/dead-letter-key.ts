import { hash } from "node:crypto";
import type { DeadLetter } from "../../gen/logpulse/v1/dead_letter_pb.ts";

/**
 * What makes two letters the same letter: store, identity and reason. A message that could not be read has no identity;
 * its place in the log stands for it.
 *
 * Fields are divided by a zero byte, which none of them contains except by malice: then two letters may share a key.
 */
export function deadLetterKey(letter: DeadLetter): string {
  const identity = letter.id === "" ? `${letter.partition}@${letter.offset}` : letter.id;
  return [letter.store, letter.tenant, identity, letter.reason].join("\0");
}

/** The key as people and tables have it: SHA-256 of it, 64 hexadecimal digits. */
export function letterKeyText(letter: DeadLetter): string {
  return hash("sha256", deadLetterKey(letter), "hex");
}
