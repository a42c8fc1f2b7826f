import { isIPv4 } from "node:net";
import { LogPulseError } from "../domain/errors.ts";
import { plainAddress } from "./client-address.ts";

/** The names of this machine to itself. */
const LOCAL_NAMES = ["localhost", "127.0.0.1", "::1"];

/** The request headers that say what a browser thinks it is talking to, and for whom. */
export interface HostHeaders {
  host?: string | undefined;
  origin?: string | undefined;
}

/**
 * Keeps pages of other sites away from a server that listens on loopback, where a browser would otherwise be a way in:
 * by a name that its owner points at 127.0.0.1 (DNS rebinding), or by a plain cross-site request.
 *
 * The rule: `Host`, and `Origin` where there is one, must name this machine or be one of `allowedHosts` (names without
 * port). A server that listens elsewhere is reached by names that it cannot know, so there nothing is checked.
 *
 * @throws LogPulseError `not_permitted`, from the returned function.
 */
export function hostCheck(listenHost: string, allowedHosts: readonly string[]): (headers: HostHeaders) => void {
  if (!isLoopback(listenHost)) return () => undefined;
  const names = new Set([...LOCAL_NAMES, ...allowedHosts.map((name) => name.toLowerCase())]);
  return ({ host, origin }) => {
    if (!names.has(hostName(host ?? ""))) throw refused("Host", host ?? "", "allowed hosts");
    if (origin !== undefined && !names.has(originName(origin))) throw refused("Origin", origin, "allowed hosts");
  };
}

/** Is this address, or "localhost", reached from this machine only? */
export function isLoopback(host: string): boolean {
  const address = plainAddress(host);
  if (address === undefined) return host.toLowerCase() === "localhost";
  return address === "::1" || (isIPv4(address) && address.startsWith("127."));
}

/** "[::1]:8080" → "::1", "LocalHost:80" → "localhost" */
function hostName(host: string): string {
  return plainAddress(host) ?? host.replace(/:\d*$/, "").toLowerCase();
}

function originName(origin: string): string {
  const { hostname } = URL.parse(origin) ?? { hostname: "" }; // "null", the origin of a sandboxed page, is none.
  return hostName(hostname);
}

function refused(header: string, value: string, setting: string): LogPulseError {
  const message = `${header} "${value}" is not a name of this server; add it to the ${setting} if it should be`;
  return new LogPulseError("not_permitted", message, { metadata: { header, value } });
}
