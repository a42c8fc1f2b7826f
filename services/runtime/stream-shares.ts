import type { ServerHttp2Session } from "node:http2";
import { STREAMS_MAX, STREAMS_PER_CONNECTION_MAX, STREAMS_PER_CONNECTION_MIN } from "../domain/limits.ts";

/**
 * How many calls a client may have open on one connection: its share of what the process takes at once. A client holds
 * the calls beyond it back by itself (RFC 9113, section 5.1.2); calls that all come in make each turn of the event loop so
 * long that none of them is answered in time.
 *
 * Calls that go on for as long as their clients like do not use a share up: each of them makes room for one more, up to
 * STREAMS_PER_CONNECTION_MAX.
 */
export class StreamShares {
  private readonly sessions = new Map<ServerHttp2Session, { longCalls: number }>();

  /** What each connection may have open now, beside calls that go on. */
  get perConnection(): number {
    const share = Math.floor(STREAMS_MAX / Math.max(1, this.sessions.size));
    return Math.min(STREAMS_PER_CONNECTION_MAX, Math.max(STREAMS_PER_CONNECTION_MIN, share));
  }

  /** A connection came: the others' shares become smaller, and larger again when it goes. */
  add(session: ServerHttp2Session): void {
    this.change(() => this.sessions.set(session, { longCalls: 0 }));
    session.once("close", () => this.change(() => this.sessions.delete(session)));
    // Node takes few changes that a client has not confirmed: what changed meanwhile is told then.
    session.on("localSettings", () => this.tell(session));
  }

  /** A call that goes on has begun; to be called again with -1 when it ends. */
  addLong(session: ServerHttp2Session | undefined, count: 1 | -1): void {
    const state = session && this.sessions.get(session);
    if (state === undefined) return; // It has ended.
    state.longCalls += count;
    this.tell(session!);
  }

  private change(howMany: () => void): void {
    const before = this.perConnection;
    howMany();
    if (this.perConnection !== before) for (const session of this.sessions.keys()) this.tell(session);
  }

  private tell(session: ServerHttp2Session): void {
    if (session.closed || session.destroyed || session.pendingSettingsAck) return;
    const longCalls = Math.min(this.sessions.get(session)?.longCalls ?? 0, STREAMS_PER_CONNECTION_MAX);
    const maxConcurrentStreams = this.perConnection + longCalls;
    if (session.localSettings.maxConcurrentStreams !== maxConcurrentStreams) session.settings({ maxConcurrentStreams });
  }
}
