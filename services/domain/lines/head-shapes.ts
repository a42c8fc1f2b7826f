import type { JsonObject } from "@bufbuild/protobuf";
import { LINE_HEAD_CHARACTERS_MAX } from "../limits.ts";
import { type LineLevel, levelAt, levelOfRedisSign, levelOfWord } from "./line-level.ts";

/** What stands behind the time of a line. */
export interface RestOfHead {
  level?: LineLevel;
  attributes: JsonObject;
}

const LARGE = "(?<level>[A-Z]{3,8})";
const SMALL = "(?<level>[a-z]{4,8})";
const PID = String.raw`(?<pid>\d{1,10})`;
const THREAD_NUMBER = String.raw`(?<thread>\d{1,20})`;
const THREAD = String.raw`\[ {0,40}(?<thread>[^\][]{1,100})\]`;
const LOGGER = String.raw`(?<logger>[A-Za-z_][\w$]{0,99}(?:\.[\w$]{1,100}){1,20})`; // Of Java: a class with its package.

/**
 * How programs go on behind the time, where it is certain what each part is. A shape whose `level` is none does not
 * count.
 */
const SHAPES = [
  // Elasticsearch: [INFO ][o.e.n.Node] …
  String.raw`\[${LARGE} *\]\[(?<logger>[\w.$-]{1,200}) *\]`,
  // Envoy: [1234][info][main] …
  String.raw`\[${THREAD_NUMBER}\]\[${SMALL}\]\[(?<logger>[\w ./-]{1,100})\]`,
  // MariaDB and MySQL: 0 [Note] …
  String.raw` {1,2}${THREAD_NUMBER} \[(?<level>\w{4,8})\]`,
  // nginx: [error] 12#12: …
  String.raw` \[${SMALL}\] ${PID}#${THREAD_NUMBER}:`,
  // Apache: [core:error] [pid 12:tid 34] …
  String.raw` \[(?:(?<logger>\w{1,100}):)?${SMALL}\] \[pid ${PID}(?::tid ${THREAD_NUMBER})?\]`,
  // Spring Boot: INFO 12 --- [app] [main] c.e.App : …
  String.raw` {1,4}${LARGE} ${PID} --- (?:\[[^\][]{1,100}\] )?${THREAD} (?<logger>[\w.$[\]/-]{1,200}) *:`,
  // log4j and Tomcat: INFO [main] org.example.App …
  ` {1,2}${LARGE} {1,4}${THREAD} ${LOGGER}(?=[ :])`,
  // logback: [main] INFO  org.example.App - …
  ` ${THREAD} ${LARGE} {1,4}${LOGGER}(?= -|:)`,
  // PostgreSQL: [12] user@database ERROR:  …
  String.raw` \[${PID}\](?: [^\s@]{1,64}@[^\s@]{1,64})? (?<level>[A-Z]{3,7}\d?): `,
  // Python, as its documentation has it: - root - INFO - …
  String.raw` - (?<logger>[\w.]{1,200}) - ${LARGE} - `,
  // Ruby, in the bracket of the time: #12]  INFO -- : …
  String.raw` #${PID}\] {1,4}${LARGE} -- `,
  // Rust's env_logger, in the same: INFO  crate::module] …
  String.raw` {1,2}${LARGE} {1,2}(?<logger>\w{1,100}(?:::\w{1,100}){0,20})\] `,
  // Rust's tracing: INFO crate::module: …
  String.raw` {1,2}${LARGE} (?<logger>\w{1,100}(?:::\w{1,100}){1,20}): `,
  // klog and glog, where the level stands before the time: 12 main.go:34] …
  String.raw` {1,8}${THREAD_NUMBER} (?<source>[\w./-]{1,200}:\d{1,7})\] `,
].map((shape) => new RegExp(shape, "y"));

const REDIS_SIGN = / ([.*#-]) /y;
/** Kafka's and ZooKeeper's: the logger stands at the line's end. */
const LOGGER_AT_END = /\(([a-z][\w$]{0,99}(?:\.[\w$]{1,100}){2,20})\)$/;
const LOGGER_CHARACTERS_MAX = 200;

const ESCAPE = "\u001b";
const BETWEEN = new RegExp(`(?:[ \\t|:,]|-{1,3} |${ESCAPE}\\[[\\d;]{0,20}m){1,40}`, "y");
const OTHER_PARTS = /\[[^\][\n]{0,100}\]|\([^()\n]{0,100}\)|#?\d{1,20}(?=[\s:\]])\]?|[\w.$/-]{1,100}(?= - )/y;
const OTHER_PARTS_MAX = 4;

/** What a line's head, without a line break, has behind its time. `isRedis`: a sign of Redis is a level there. */
export function restOfHead(line: string, at: number, isRedis: boolean): RestOfHead {
  if (isRedis) {
    REDIS_SIGN.lastIndex = at;
    return { level: levelOfRedisSign(REDIS_SIGN.exec(line)?.[1] ?? ""), attributes: {} };
  }
  for (const shape of SHAPES) {
    shape.lastIndex = at;
    const parts = shape.exec(line)?.groups;
    const level = parts?.level === undefined ? undefined : levelOfWord(parts.level);
    if (parts && (level || parts.level === undefined)) return { level, attributes: attributesOfParts(parts) };
  }
  return { level: findLevel(line, at), attributes: loggerAtEnd(line) };
}

/** The first level behind a few parts that say other things. */
function findLevel(line: string, start: number): LineLevel | undefined {
  let at = start;
  for (let passed = 0; passed <= OTHER_PARTS_MAX; passed++) {
    BETWEEN.lastIndex = at;
    if (BETWEEN.test(line)) at = BETWEEN.lastIndex;
    const level = levelAt(line, at, passed === 0);
    if (level) return { severity: level.severity, text: level.text };
    OTHER_PARTS.lastIndex = at;
    if (!OTHER_PARTS.test(line)) return undefined;
    at = OTHER_PARTS.lastIndex;
  }
  return undefined;
}

function attributesOfParts({ logger, thread, pid, source }: Record<string, string | undefined>): JsonObject {
  return {
    ...(logger === undefined ? {} : { logger: logger.trimEnd() }),
    ...(thread === undefined ? {} : { thread }),
    ...(pid === undefined ? {} : { pid: Number(pid) }),
    ...(source === undefined ? {} : { source }),
  };
}

function loggerAtEnd(line: string): JsonObject {
  if (!line.endsWith(")") || line.length === LINE_HEAD_CHARACTERS_MAX) return {}; // So long, it may have been cut.
  const logger = LOGGER_AT_END.exec(line.slice(-LOGGER_CHARACTERS_MAX))?.[1];
  return logger === undefined ? {} : { logger };
}
