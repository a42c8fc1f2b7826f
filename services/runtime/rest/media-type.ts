import type { IncomingHttpHeaders } from "node:http";
import { HttpRefusal } from "../http-answer.ts";

/** One JSON value, or a line of JSON for each message of a stream. */
export type BodyForm = "json" | "json_lines";

/**
 * What is taken as JSON: its own types, and those that clients write who do not care about it (curl's `-d`, `fetch` of
 * a text, plain sockets). Pages of other sites write those too, without being asked for leave: what keeps them out is
 * the look at Host and Origin.
 */
const JSON_TYPES =
  /^(application\/(json|x-www-form-urlencoded|octet-stream)|text\/(json|plain)|application\/[a-z0-9.+-]+\+json)$/;
const JSON_LINES_TYPES = /^application\/(x-ndjson|jsonlines|x-jsonlines)$/;

/**
 * How a body with these headers is read. Without a type it is JSON.
 *
 * @throws HttpRefusal 415 for what is no JSON, and for lines where the call takes one message.
 */
export function bodyForm({ "content-type": contentType = "" }: IncomingHttpHeaders, isStream: boolean): BodyForm {
  const [type, ...parameters] = contentType.toLowerCase().split(";");
  const charset = parameters.map(charsetOf).find((each) => each !== undefined);
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/.test(charset)) {
    throw HttpRefusal.unknownType(`the body is in ${charset}; JSON is UTF-8`);
  }
  const name = type!.trim();
  if (name === "" || (JSON_TYPES.test(name) && !name.startsWith("application/grpc"))) return "json";
  if (isStream && JSON_LINES_TYPES.test(name)) return "json_lines";
  const wanted = isStream ? "application/json (an array) or application/x-ndjson" : "application/json";
  throw HttpRefusal.unknownType(`the body is ${name}; it must be ${wanted}`);
}

function charsetOf(parameter: string): string | undefined {
  const [name, value = ""] = parameter.split("=", 2);
  return name!.trim() === "charset" ? value.trim().replaceAll('"', "") : undefined;
}
