import { EXIT } from "../exit-code.ts";
import type { Answer } from "./load-target.ts";

/** An answer as HTTP has it. */
export interface HttpAnswer {
  status: number;
  /** The header Retry-After. */
  retryAfter: string | undefined;
  body: string;
}

const REASON_CHARACTERS_MAX = 300;
const NOTHING_KEPT: readonly unknown[] = ["RATE_LIMITED", "OVERLOADED"]; // After these nothing was kept, for sure.
const MAY_PASS_LATER: readonly number[] = [408, 425, 429, 500, 502, 503, 504];
const LIMITED: readonly number[] = [429, 503];
const NOT_ALLOWED: readonly number[] = [401, 403];
const NO_CONNECTION: readonly unknown[] = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];

/** What an answer other than 2xx means. `nowMs`: since 1970, for a Retry-After that is a date. */
export function failedAnswer({ status, retryAfter, body }: HttpAnswer, nowMs: number): Answer {
  const words = errorWords(body);
  const told = { name: String(status), reason: words.message || `HTTP ${status}` };
  if (!MAY_PASS_LATER.includes(status)) {
    return { kind: "refused", ...told, exitCode: NOT_ALLOWED.includes(status) ? EXIT.notAllowed : EXIT.incomplete };
  }
  return {
    kind: "later",
    ...told,
    waitMs: retryAfterMs(retryAfter, nowMs),
    mayBeKept: status !== 429 && !NOTHING_KEPT.includes(words.reason),
    isUnreachable: false,
    exitCode: LIMITED.includes(status) ? EXIT.limited : EXIT.unreachable,
  };
}

/** Seconds or a date (RFC 9110 §10.2.3) as milliseconds to wait; undefined for anything else. */
export function retryAfterMs(retryAfter: string | undefined, nowMs: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const dateMs = /^\w{3,9},? /.test(retryAfter) ? Date.parse(retryAfter) : Number.NaN; // It takes "-5" for a date too.
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

/** No answer came. Where there was no connection, nothing was sent either. */
export function noAnswer(reason: unknown): Answer {
  const { code, message } = innermost(reason);
  const isUnreachable = NO_CONNECTION.includes(code);
  return {
    kind: "later",
    name: "no answer",
    reason: message || String(code ?? "the connection broke"),
    waitMs: undefined,
    mayBeKept: !isUnreachable,
    isUnreachable,
    exitCode: EXIT.unreachable,
  };
}

/** Of google.rpc.Status as JSON; others' bodies are told by their beginning. */
function errorWords(body: string): { message: string; reason: unknown } {
  try {
    const { message, details } = JSON.parse(body) as { message?: unknown; details?: unknown };
    const all = Array.isArray(details) ? (details as { reason?: unknown }[]) : [];
    if (typeof message === "string") {
      return { message: message.slice(0, REASON_CHARACTERS_MAX), reason: all.find((one) => one?.reason)?.reason };
    }
  } catch {
    // It is no JSON: a proxy's own words.
  }
  return { message: body.trim().slice(0, REASON_CHARACTERS_MAX), reason: undefined };
}

function innermost(reason: unknown): { code?: unknown; message: string } {
  if (!(reason instanceof Error)) return { message: String(reason) };
  const inner = reason instanceof AggregateError ? reason.errors.at(-1) : reason.cause;
  if (inner instanceof Error) return innermost(inner);
  return { code: (reason as NodeJS.ErrnoException).code, message: reason.message };
}
