import { UNDECIDED_LINES_MAX } from "../limits.ts";
import { isContinuation } from "./continuation-line.ts";
import type { StackTrace, TraceVerdict } from "./stack-trace.ts";

/** "Exception in thread "main" …", "java.lang.IllegalStateException: …", "org.example.Full" alone. */
const OF_JAVA = /^(?:Exception in thread "|[A-Za-z_$][\w$]{0,99}(?:[.$][\w$]{1,100}){1,20}(?:: |\r?$))/;
/** "Error: …", "TypeError [ERR_CODE]: …", "Uncaught Error: …", "AggregateError". */
const OF_NODE = /^(?:Uncaught )?(?:[A-Z]\w{0,99})?(?:Error|Exception|Rejection)(?: \[[^\]]{1,100}\])?(?::|\r?$)/;
/** Where Node was when it ended: "/app/main.js:3", "node:internal/process:1". The source, a caret and the error follow. */
const PLACE_IN_NODE = /^(?:file:\/\/|\/|[A-Za-z]:\\|node:)\S{1,1000}:\d{1,9}\r?$/;

const FRAME =
  /^\s{1,100}at \S|^at [\w$.<>/@-]{1,500}\([^()]{0,300}\)|^\s{0,100}\.\.\. \d{1,9} (?:more|common frames omitted)/;
const NEXT_CAUSE = /^\s{0,100}(?:Caused by|Suppressed|Wrapped by): /;
const ALREADY_TOLD = /^\s{0,100}(?:Caused by: |Suppressed: )?\[CIRCULAR REFERENCE: /;
const CARET = /^\s{0,1000}\^{1,1000}\r?$/;
const NODE_VERSION = /^Node\.js v\d/;

/** A trace whose frames are "at …" lines: Java's and what else runs there, Node's and .NET's. */
export function beginExceptionTrace(line: string): StackTrace | undefined {
  if (OF_JAVA.test(line)) return new ExceptionTrace(!line.startsWith("Exception in thread"));
  return OF_NODE.test(line) || PLACE_IN_NODE.test(line) ? new ExceptionTrace(false) : undefined;
}

/** Whether one of the lines behind the first is a frame of such a trace. */
export function hasFrame(text: string): boolean {
  return /\n\s{1,8}at \S/.test(text);
}

class ExceptionTrace implements StackTrace {
  readonly kind = "exception";
  readonly followsRecord: boolean;
  isCertain = false;
  /** The message has begun and no frame has come: whatever follows is more of the message if a frame comes. */
  private part: "place" | "message" | "frames" = "message";
  private waiting = 0;

  constructor(followsRecord: boolean) {
    this.followsRecord = followsRecord;
  }

  next(line: string): TraceVerdict {
    if (FRAME.test(line) || ALREADY_TOLD.test(line) || NODE_VERSION.test(line)) return this.join("frames");
    if (NEXT_CAUSE.test(line)) return this.join("message");
    if (CARET.test(line)) return this.join("place");
    const isPart = isContinuation(line);
    if (this.part === "place") return isPart ? "joins" : this.join("message"); // The error itself.
    if (this.part === "frames") return isPart ? "joins" : "ends";
    this.waiting++;
    return isPart || this.waiting <= UNDECIDED_LINES_MAX ? "waits" : "ends";
  }

  private join(part: "place" | "message" | "frames"): TraceVerdict {
    this.part = part;
    this.isCertain = true;
    this.waiting = 0;
    return "joins";
  }
}
