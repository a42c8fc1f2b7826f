import { createHash } from "node:crypto";

/** Longer than any name of ours, shorter than what would fill the memory of those who remember many. */
export const KEY_CHARACTERS_MAX = 64;

/** The key itself, or, where it is long (a header a stranger sent, a whole query), its SHA-256 in 43 characters. */
export function boundedKey(key: string): string {
  return key.length <= KEY_CHARACTERS_MAX ? key : createHash("sha256").update(key).digest("base64url");
}
