import { BlockList, isIP, isIPv4 } from "node:net";
import { PEERS_REMEMBERED_MAX } from "../domain/limits.ts";

/** Whether a connection comes from a proxy of ours. */
export type IsTrustedProxy = (peer: string | undefined) => boolean;

/** Says who calls, from the connection and, behind a proxy of ours, from what the proxy says. */
export type ClientAddress = (peer: string | undefined, externalAddress: string | undefined) => string;

/** The header in which Envoy names the address that called it. */
export const EXTERNAL_ADDRESS_HEADER = "x-envoy-external-address";

/**
 * Makes the rule. `trustedProxies`: addresses ("10.0.0.7", "::1") and ranges ("10.0.0.0/8").
 *
 * @throws Error if an entry is neither an address nor a range.
 */
export function trustedProxyRule(trustedProxies: readonly string[]): IsTrustedProxy {
  const trusted = addressList(trustedProxies);
  return (peer) => {
    const connected = plainAddress(peer);
    return connected !== undefined && trusted.check(connected, isIPv4(connected) ? "ipv4" : "ipv6");
  };
}

/**
 * Makes the rule. Only a trusted proxy is believed about EXTERNAL_ADDRESS_HEADER, and only if it is an address.
 *
 * The answer has no port, an IPv4 address is never written as IPv6, and it is "unknown" where the peer has hung up.
 */
export function clientAddressRule(isTrusted: IsTrustedProxy): ClientAddress {
  const known = new Map<string, KnownPeer>(); // A peer calls again and again, and few do at a time.
  const lookAt = (peer: string): KnownPeer => {
    const address = plainAddress(peer);
    const looked = { address, isTrusted: isTrusted(address) };
    if (known.size >= PEERS_REMEMBERED_MAX) known.clear();
    known.set(peer, looked);
    return looked;
  };
  return (peer, externalAddress) => {
    if (peer === undefined) return "unknown";
    const connected = known.get(peer) ?? lookAt(peer);
    if (connected.address === undefined) return "unknown";
    if (externalAddress === undefined || !connected.isTrusted) return connected.address;
    return plainAddress(externalAddress) ?? connected.address;
  };
}

/** What the rule says of a peer, whenever it calls. */
interface KnownPeer {
  /** Undefined where it is none. */
  address: string | undefined;
  isTrusted: boolean;
}

/** The address without port, zone, brackets and IPv6 mapping, in lower case; undefined if it is none. */
export function plainAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (isIPv4(text)) return text; // Nearly every one, and the rest takes ten times as long.
  const bracketed = /^\[(.*)\](?::\d+)?$/.exec(text.trim());
  let address = bracketed?.[1] ?? text.trim();
  // One colon is a port; more are an IPv6 address, which carries a port in brackets only.
  if (address.indexOf(":") === address.lastIndexOf(":")) address = address.replace(/:\d+$/, "");
  address = address.replace(/%.*$/, "").toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  address = mapped?.[1] ?? address;
  return isIP(address) === 0 ? undefined : address;
}

function addressList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [text, prefix, ...rest] = entry.split("/");
    const address = plainAddress(text);
    const bits = prefix === undefined ? undefined : Number(prefix);
    const bitsMax = address !== undefined && isIPv4(address) ? 32 : 128;
    if (address === undefined || rest.length > 0 || (bits !== undefined && !isPrefix(prefix, bits, bitsMax))) {
      throw new Error(`"${entry}" is neither an address nor a range like 10.0.0.0/8`);
    }
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, bits, family);
  }
  return list;
}

function isPrefix(text: string | undefined, bits: number, bitsMax: number): boolean {
  return text !== "" && Number.isInteger(bits) && bits >= 0 && bits <= bitsMax;
}
