import { beginExceptionTrace, hasFrame } from "./exception-trace.ts";
import { beginGoTrace } from "./go-trace.ts";
import { beginPythonTrace, TRACEBACK } from "./python-trace.ts";

/**
 * What a line is to the stack trace before it: `joins`: it belongs to it, and so do all that waited; `waits`: that is told
 * by a later line; `ends`: it does not belong to it.
 */
export type TraceVerdict = "joins" | "waits" | "ends";

/** A stack trace, or what may become one, as it is read line by line. */
export interface StackTrace {
  readonly kind: "exception" | "python" | "go";
  /** A line has come that stands in stack traces and nowhere else. */
  readonly isCertain: boolean;
  /** Behind a record of one line that begins with a level it is what that record tells of: loggers write it there. */
  readonly followsRecord: boolean;
  /** Takes the next line, without its line break. */
  next(line: string): TraceVerdict;
}

/** The stack trace that this line can be the first of; undefined where it is no such line. */
export function beginStackTrace(line: string): StackTrace | undefined {
  return beginPythonTrace(line) ?? beginGoTrace(line) ?? beginExceptionTrace(line);
}

/** What the runtimes of Java and Go write when a program ends. They ask no logger, so no record goes on with it. */
const LAST_WORDS = /^(?:Exception in thread "|panic: |fatal error: |runtime: goroutine stack exceeds |SIG[A-Z]{2,6}: )/;

/** Whether a program's end begins with this line, and with it a record, whatever stood before. */
export function isLastWord(line: string): boolean {
  return LAST_WORDS.test(line);
}

/** Whether a text without a level is a stack trace that a program ended with. */
export function tellsOfCrash(text: string): boolean {
  const end = text.indexOf("\n");
  if (end < 0) return false;
  const first = text.slice(0, end);
  return isLastWord(first) || TRACEBACK.test(first) || (beginExceptionTrace(first) !== undefined && hasFrame(text));
}
