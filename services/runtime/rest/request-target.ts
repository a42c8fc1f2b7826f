import type { IncomingMessage } from "node:http";
import { LogPulseError } from "../../domain/errors.ts";

/** What a request asks for. */
export interface RequestTarget {
  /** Begins with a slash; without "." and ".." and with every letter and digit as itself, otherwise as it came. */
  readonly path: string;
  /** What stands behind the question mark, as it came. */
  readonly query: string;
}

/**
 * Takes the target of a request apart, and brings its path into the form that Envoy brings paths into: a backslash is a
 * slash, "." and ".." are carried out (also as %2e), and unreserved characters stand for themselves.
 *
 * @throws LogPulseError `invalid_request` for characters that may not stand in a target, and for %00 in its path.
 */
export function readTarget(url: string): RequestTarget {
  if (!url.startsWith("/")) throw badTarget("does not begin with a slash");
  if (/[^\x21-\x7e]|#/.test(url)) throw badTarget("has characters that must be percent-encoded in a URL");
  const mark = url.indexOf("?");
  const rawPath = mark < 0 ? url : url.slice(0, mark);
  if (/%00/.test(rawPath)) throw badTarget("has %00 in it");
  return { path: canonicalPath(rawPath), query: mark < 0 ? "" : url.slice(mark + 1) };
}

function canonicalPath(rawPath: string): string {
  const plain = rawPath.replaceAll("\\", "/").replace(/%[0-9A-Fa-f]{2}/g, unreservedOrSame);
  const kept: string[] = [];
  const segments = plain.split("/").slice(1);
  segments.forEach((segment, index) => {
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
    const isDot = segment === "." || segment === "..";
    if (isDot && index === segments.length - 1) kept.push(""); // "/a/." is the folder "/a/".
  });
  return `/${kept.join("/")}`;
}

function unreservedOrSame(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(character) ? character : encoded;
}

function badTarget(what: string): LogPulseError {
  return new LogPulseError("invalid_request", `the path of the request ${what}`);
}

/** A target may be a whole URL (RFC 9112 §3.2.2): its host then counts, and not the header. */
export function toOriginForm(request: IncomingMessage): void {
  const [, host, rest = ""] = /^http:\/\/([^/?#]*)(.*)$/is.exec(request.url ?? "") ?? [];
  if (host === undefined) return;
  request.headers.host = host;
  request.url = rest.startsWith("/") ? rest : `/${rest}`;
}
