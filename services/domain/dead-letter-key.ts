import { hash } from "node:crypto";
import type { DeadLetter } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { contentHash } from "./record-content.ts";

/**
 * What makes two letters the same letter: store, identity, reason and bytes. A message that could not be read has no
 * identity; its place in the log stands for it. The bytes, since several records may conflict with one identity, and a
 * topic that was made again has other messages at the same places: each is kept.
 *
 * Fields are divided by a zero byte, which none of them contains except by malice: then two letters may share a key.
 */
export function deadLetterKey(letter: DeadLetter): string {
  const identity = letter.id === "" ? `${letter.partition}@${letter.offset}` : letter.id;
  const bytes = contentHash(letter.original).toString("hex");
  return [letter.store, letter.tenant, identity, letter.reason, bytes].join("\0");
}

/** The key as people and tables have it: SHA-256 of it, 64 hexadecimal digits. */
export function letterKeyText(letter: DeadLetter): string {
  return hash("sha256", deadLetterKey(letter), "hex");
}
