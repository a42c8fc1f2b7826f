const NEXT_CAUSE = /^(?:Caused by|Suppressed|Wrapped by): /;
const LEFT_OUT = /^\.\.\. \d{1,9} (?:more|common frames omitted)/;
const FRAME_OF_JAVA = /^at [\w$.<>/@-]{1,500}\([^()]{0,300}\)/; // Some loggers cut blanks off.
const NODE_ADVICE = /^\(Use `node --/;
const CLOSING_BRACKETS = /^[\]})]{1,20}[,;]?\r?$/;

/**
 * Whether a line can only go on with what stands before it: an empty or indented one, the end of brackets, and of a
 * stack trace what begins a line there and nowhere else.
 */
export function isContinuation(line: string): boolean {
  switch (line[0]) {
    case undefined:
    case " ":
    case "\t":
    case "\r":
      return true;
    case "C":
    case "S":
    case "W":
      return NEXT_CAUSE.test(line);
    case ".":
      return LEFT_OUT.test(line);
    case "a":
      return FRAME_OF_JAVA.test(line);
    case "(":
      return NODE_ADVICE.test(line);
    case "]":
    case "}":
    case ")":
      return CLOSING_BRACKETS.test(line);
    default:
      return false;
  }
}
