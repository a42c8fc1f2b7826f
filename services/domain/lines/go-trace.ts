import { UNDECIDED_LINES_MAX } from "../limits.ts";
import type { StackTrace, TraceVerdict } from "./stack-trace.ts";

const BEGINNING =
  /^(?:panic: |fatal error: |SIG[A-Z]{2,6}: |runtime: goroutine stack exceeds |unexpected fault address )/;
const IN_MESSAGE = /^(?:\[signal |\[originating |fatal error: |runtime: |PC=|\[recovered)/;
const AMONG_FRAMES =
  /^(?:created by |-----|goroutine running on other thread|\.\.\.(?:additional|\d{1,9}) frames elided|[a-z][a-z0-9]{1,7} +0x[0-9a-f]{1,16}\r?$)/;
const EXIT_STATUS = /^exit status \d{1,3}\r?$/;
const FUNCTION = /^[^\s(][^()\s]{0,500}\(/; // Its arguments end the line.

/** A panic, a fatal error of the runtime, or stacks alone. */
export function beginGoTrace(line: string): StackTrace | undefined {
  if (isGoroutine(line)) return new GoTrace("frames");
  return BEGINNING.test(line) ? new GoTrace("message") : undefined;
}

/** "goroutine 1 [running]:" */
function isGoroutine(line: string): boolean {
  return /^goroutine \d/.test(line) && /\]:\r?$/.test(line.slice(-3));
}

class GoTrace implements StackTrace {
  readonly kind = "go";
  readonly isCertain = true;
  readonly followsRecord = false;
  private part: "message" | "frames" | "end";
  private waiting = 0;
  private isBehindEmptyLine = false;

  constructor(part: "message" | "frames") {
    this.part = part;
  }

  next(line: string): TraceVerdict {
    const isBehindEmptyLine = this.isBehindEmptyLine;
    this.isBehindEmptyLine = /^\r?$/.test(line);
    if (this.part === "end") return "ends";
    if (isGoroutine(line)) return this.part === "message" || isBehindEmptyLine ? this.join("frames") : "ends";
    if (line.startsWith("runtime stack:")) return this.join("frames");
    if (EXIT_STATUS.test(line)) return this.join("end");
    if (this.part === "message") return this.inMessage(line);
    const isFrame = /^\s|^$/.test(line) || AMONG_FRAMES.test(line) || isFunction(line);
    return isFrame ? "joins" : "ends";
  }

  private inMessage(line: string): TraceVerdict {
    if (IN_MESSAGE.test(line) && this.waiting === 0) return "joins";
    const isIndented = /^\s|^$/.test(line);
    if (isIndented && this.waiting === 0) return "joins";
    if (BEGINNING.test(line)) return "ends";
    this.waiting++;
    return this.waiting <= UNDECIDED_LINES_MAX || isIndented ? "waits" : "ends";
  }

  private join(part: "frames" | "end"): TraceVerdict {
    this.part = part;
    this.waiting = 0;
    return "joins";
  }
}

function isFunction(line: string): boolean {
  return /\)\r?$/.test(line.slice(-2)) && FUNCTION.test(line);
}
