import { Severity } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { severityOfWord } from "../severity.ts";

/** A level as a line says it. */
export interface LineLevel {
  severity: Severity;
  /** As it is written there, without brackets and blanks: "INFO", "warn", "E", "*". A number of syslog becomes its name. */
  text: string;
}

/** A level that a text has at some place, and where the text goes on. */
export interface LevelInLine extends LineLevel {
  end: number;
}

const BRACKETED = /[[<(|][ \t]{0,8}(?:[\w-]{1,40}:)?([A-Za-z]{1,13}\d?)[ \t]{0,8}[\]>)|]:?/y; // [core:error] is Apache's.
const PRIORITY = /<([0-7])>/y; // What systemd and the kernel put before a line.
const WITH_COLON = /([A-Za-z]{3,13}\d?) {0,8}:/y;
const ESCAPE = "\u001b"; // Begins what colours a terminal.
const CAPITALS = new RegExp(`(?!LOG\\b)([A-Z]{3,13}\\d?)(?=[\\s|,${ESCAPE}]|$)`, "y");
const SMALL = new RegExp(`(trace|debug|info|notice|warn|warning|error|fatal)(?=[ \\t${ESCAPE}])`, "y");

/** What words mean beside those that are usual everywhere. */
const OTHER_WORDS: Record<string, Severity> = {
  LOG: Severity.INFO, // PostgreSQL; it is worse than a warning there, but tells of nothing bad.
  System: Severity.INFO, // MySQL
};

/** Words that mean more than a level where they are not written large. */
const LARGE_ONLY = new Set(["config", "fine", "finer", "finest", "inf", "ftl", "silly", "trc"]);

const OF_LETTER: Record<string, Severity> = {
  T: Severity.TRACE,
  V: Severity.TRACE,
  D: Severity.DEBUG,
  I: Severity.INFO,
  N: Severity.INFO2,
  W: Severity.WARN,
  E: Severity.ERROR,
  C: Severity.FATAL,
  F: Severity.FATAL,
};

const OF_REDIS_SIGN: Record<string, Severity> = {
  ".": Severity.DEBUG,
  "-": Severity.DEBUG2, // Verbose
  "*": Severity.INFO2,
  "#": Severity.WARN,
};

/** RFC 5424, table 2: the names that syslog.conf has for its numbers. */
const SYSLOG_NAMES = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/**
 * The level that stands at a place of a text: `INFO`, `[INFO ]`, `<warn>`, `Error:`, `<3>`. Undefined where none does.
 *
 * Without brackets and without a colon a word must be written large; `isBehindTime`: it need not.
 */
export function levelAt(text: string, at: number, isBehindTime = false): LevelInLine | undefined {
  const priority = find(PRIORITY, text, at);
  if (priority) return { ...levelOfSyslog(Number(priority.word)), end: priority.end };
  const bracketed = find(BRACKETED, text, at);
  if (bracketed) return known(bracketed, levelOfLetter(bracketed.word) ?? levelOfWord(bracketed.word));
  const word =
    find(WITH_COLON, text, at) ?? find(CAPITALS, text, at) ?? (isBehindTime ? find(SMALL, text, at) : undefined);
  return word && known(word, levelOfWord(word.word));
}

/** The level that a word means where it stands in a level's place. */
export function levelOfWord(word: string): LineLevel | undefined {
  if (LARGE_ONLY.has(word.toLowerCase()) && word !== word.toUpperCase()) return undefined;
  const plain = /^debug[1-5]$/i.test(word) ? "debug" : word; // PostgreSQL's steps.
  const severity = severityOfWord(plain) ?? (Object.hasOwn(OTHER_WORDS, word) ? OTHER_WORDS[word] : undefined);
  return severity === undefined ? undefined : { severity, text: word };
}

/** The level of a single letter, as klog, glog, Ruby and Tornado write it. */
export function levelOfLetter(letter: string): LineLevel | undefined {
  return Object.hasOwn(OF_LETTER, letter) ? { severity: OF_LETTER[letter]!, text: letter } : undefined;
}

/** The level of the sign that Redis writes behind the time. */
export function levelOfRedisSign(sign: string): LineLevel | undefined {
  return Object.hasOwn(OF_REDIS_SIGN, sign) ? { severity: OF_REDIS_SIGN[sign]!, text: sign } : undefined;
}

/** The level of syslog's numbers, 0 to 7. */
export function levelOfSyslog(number: number): LineLevel {
  const text = SYSLOG_NAMES[number]!;
  return { severity: severityOfWord(text)!, text };
}

interface FoundWord {
  word: string;
  end: number;
}

function find(pattern: RegExp, text: string, at: number): FoundWord | undefined {
  pattern.lastIndex = at;
  const word = pattern.exec(text)?.[1];
  return word === undefined ? undefined : { word, end: pattern.lastIndex };
}

function known({ end }: FoundWord, level: LineLevel | undefined): LevelInLine | undefined {
  return level && { ...level, end };
}
