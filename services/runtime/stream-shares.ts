import type { ServerHttp2Session } from "node:http2";
import {
  STREAMS_MAX,
  STREAMS_PER_CONNECTION_MAX,
  STREAMS_PER_CONNECTION_MIN,
  STREAMS_PER_PROXY_CONNECTION,
  UNSHARED_CONNECTIONS_MAX,
} from "../domain/limits.ts";
import type { IsTrustedProxy } from "./client-address.ts";

interface Connection {
  isProxy: boolean;
  longCalls: number;
}

/**
 * How many calls a client may have open on one connection: its share of what the process takes at once. A client holds
 * the calls beyond it back by itself (RFC 9113, section 5.1.2); calls that all come in make each turn of the event loop so
 * long that none of them is answered in time.
 *
 * Calls that go on for as long as their clients like do not use a share up: each of them makes room for one more, up to
 * STREAMS_PER_CONNECTION_MAX.
 *
 * A connection of a trusted proxy has no share, but STREAMS_PER_PROXY_CONNECTION and never less, and takes nothing from the
 * others: a proxy opens few, and bounds its calls itself. Envoy forgets calls that wait when what binds it is raised, so that
 * must be its own bound. Beyond UNSHARED_CONNECTIONS_MAX it is one like any other: who may be a proxy may not have everything.
 */
export class StreamShares {
  private readonly isTrustedProxy: IsTrustedProxy;
  private readonly connections = new Map<ServerHttp2Session, Connection>();
  private sharing = 0;

  constructor(isTrustedProxy: IsTrustedProxy) {
    this.isTrustedProxy = isTrustedProxy;
  }

  /** What a connection that was added may have open now. */
  of(session: ServerHttp2Session): number {
    const { isProxy, longCalls } = this.connections.get(session) ?? { isProxy: false, longCalls: 0 };
    const own = isProxy ? STREAMS_PER_PROXY_CONNECTION : this.share;
    return own + Math.min(longCalls, STREAMS_PER_CONNECTION_MAX);
  }

  /** A connection came: the others' shares become smaller, and larger again when it goes. */
  add(session: ServerHttp2Session): void {
    const isProxy = this.proxies < UNSHARED_CONNECTIONS_MAX && this.isTrustedProxy(session.socket.remoteAddress);
    this.connections.set(session, { isProxy, longCalls: 0 });
    if (!isProxy) this.changeSharing(1);
    session.once("close", () => {
      this.connections.delete(session);
      if (!isProxy) this.changeSharing(-1);
    });
    // Node takes few changes that a client has not confirmed: what changed meanwhile is told then.
    session.on("localSettings", () => this.tell(session));
  }

  /** A call that goes on has begun; to be called again with -1 when it ends. */
  addLong(session: ServerHttp2Session | undefined, count: 1 | -1): void {
    const connection = session && this.connections.get(session);
    if (connection === undefined) return; // It has ended.
    connection.longCalls += count;
    this.tell(session!);
  }

  /** What each connection that is no proxy's may have open now, beside calls that go on. */
  private get share(): number {
    const share = Math.floor(STREAMS_MAX / Math.max(1, this.sharing));
    return Math.min(STREAMS_PER_CONNECTION_MAX, Math.max(STREAMS_PER_CONNECTION_MIN, share));
  }

  private get proxies(): number {
    return this.connections.size - this.sharing;
  }

  private changeSharing(count: 1 | -1): void {
    const before = this.share;
    this.sharing += count;
    if (this.share !== before) for (const session of this.connections.keys()) this.tell(session);
  }

  private tell(session: ServerHttp2Session): void {
    if (session.closed || session.destroyed || session.pendingSettingsAck) return;
    const maxConcurrentStreams = this.of(session);
    if (session.localSettings.maxConcurrentStreams !== maxConcurrentStreams) session.settings({ maxConcurrentStreams });
  }
}
