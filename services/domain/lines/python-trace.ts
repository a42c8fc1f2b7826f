import { UNDECIDED_LINES_MAX } from "../limits.ts";
import type { StackTrace, TraceVerdict } from "./stack-trace.ts";

/** Begins the frames; one of an exception group is indented. */
export const TRACEBACK = /^\s{0,100}(?:\+ Exception Group )?Traceback \(most recent call last\):/;

/** Comes before a traceback that nobody has asked for: of a thread, a finalizer, another process. */
const BEFORE_TRACEBACK =
  /^(?:Exception in thread [^"].{0,500}:|Exception ignored in: .{1,1000}|[\w.]{0,200}RemoteTraceback: ?)\r?$/;
/** A syntax error has no traceback before its place. */
const PLACE = /^ {2}File ".{1,1000}", line \d{1,9}/;
const NEXT_EXCEPTION =
  /^(?:During handling of the above exception, another exception occurred:|The above exception was the direct cause of the following exception:)/;
const QUOTES = /^"""\r?$/; // Around the traceback of another process.

/** Frames and source are indented, the exception is the first line behind them that is not. */
export function beginPythonTrace(line: string): StackTrace | undefined {
  if (TRACEBACK.test(line)) return new PythonTrace("frames", true);
  if (PLACE.test(line)) return new PythonTrace("frames", false);
  return BEFORE_TRACEBACK.test(line) ? new PythonTrace("before", false) : undefined;
}

class PythonTrace implements StackTrace {
  readonly kind = "python";
  readonly isCertain = true;
  readonly followsRecord: boolean;
  private part: "before" | "frames" | "exception";
  private waiting = 0;

  constructor(part: "before" | "frames", followsRecord: boolean) {
    this.part = part;
    this.followsRecord = followsRecord;
  }

  next(line: string): TraceVerdict {
    const isEmpty = /^\s{0,100}$/.test(line);
    switch (this.part) {
      case "before":
        if (TRACEBACK.test(line)) return this.join("frames");
        return isEmpty || QUOTES.test(line) ? "joins" : "ends";
      case "frames":
        if (isEmpty || /^\s/.test(line)) return "joins";
        return this.join("exception");
      case "exception":
        if (NEXT_EXCEPTION.test(line)) return this.join("before");
        return this.behindException(line, isEmpty);
    }
  }

  /** More of the exception's message, if another exception follows. */
  private behindException(line: string, isEmpty: boolean): TraceVerdict {
    if (beginPythonTrace(line)) return "ends";
    if (this.waiting === 0 && (isEmpty || /^\s/.test(line))) return "joins";
    this.waiting++;
    return this.waiting <= UNDECIDED_LINES_MAX || isEmpty ? "waits" : "ends";
  }

  private join(part: "before" | "frames" | "exception"): TraceVerdict {
    this.part = part;
    this.waiting = 0;
    return "joins";
  }
}
