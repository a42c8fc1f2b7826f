import type { Logger } from "../../ports/logger.ts";
import type { RedisConnection } from "./connection.ts";

/** Says nothing, but keeps what it was told. */
export function listeningLogger(): Logger & { lines: string[] } {
  const lines: string[] = [];
  const note = (_facts: object, message: string) => void lines.push(message);
  return { lines, debug: note, info: note, warn: note, error: note };
}
