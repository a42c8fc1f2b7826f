import { LIMITER_LEASE_MS_MAX } from "../../domain/limits.ts";
import type { Take } from "../../ports/rate-limiter.ts";

interface Client {
  /** Tokens taken out of the bucket in Redis and not used yet. */
  leased: number;
  leaseEndsMs: number;
  /** Tokens that stayed in the bucket when Redis last answered. */
  left: number;
  /** Tokens admitted without Redis, which it has not heard of yet. */
  owed: number;
  /** A call that asks for a lease is under way; others ask for none, so that one client never has two. */
  asking: boolean;
  /** The bucket holds less than one token until then. */
  refusedUntilMs: number;
  /** Redis is asked again by then, however long the wait: it may have been emptied. */
  askAgainMs: number;
}

/** What a call asks of Redis beside its own cost. */
export interface Asked {
  lease: number;
  owed: number;
}

/** What Redis answered to it. */
export interface Answered {
  leased: number;
  /** Tokens that stayed in the bucket. */
  left: number;
  /** How long it refuses; 0 where it admitted. */
  refusedMs: number;
}

const ASK_AGAIN_MS = 1_000;

/**
 * What this process can answer without Redis: from tokens it has leased, or from a refusal that still holds. Times are
 * those of performance.now().
 *
 * The last `clientsMax` clients are remembered; about others Redis is asked, and what was leased for them is given up.
 */
export class RememberedClients {
  private readonly leaseMax: number;
  private readonly clientsMax: number;
  private readonly clients = new Map<string, Client>(); // In the order in which Redis was last asked, or should have been.

  /** `leaseMax`: tokens that may be held for one client at once. */
  constructor(leaseMax: number, clientsMax: number) {
    this.leaseMax = leaseMax;
    this.clientsMax = clientsMax;
  }

  /** The answer, or undefined where Redis must be asked. */
  answer(name: string, cost: number, nowMs: number): Take | undefined {
    const client = this.clients.get(name);
    if (client === undefined) return undefined;
    if (leasedBy(client, nowMs) >= cost) {
      client.leased -= cost;
      return { allowed: true, retryAfterMs: 0, tokensLeft: client.leased + client.left };
    }
    if (nowMs < Math.min(client.refusedUntilMs, client.askAgainMs)) {
      return { allowed: false, retryAfterMs: Math.ceil(client.refusedUntilMs - nowMs), tokensLeft: 0 };
    }
    return undefined;
  }

  /**
   * Redis is about to be asked: gives how many tokens to lease beside the cost, and how many to pay that are owed. A call
   * larger than a lease leases none.
   */
  ask(name: string, cost: number, nowMs: number): Asked {
    const client = this.use(name);
    const asked = { lease: 0, owed: client.owed };
    client.owed = 0;
    if (client.asking || cost > this.leaseMax) return asked;
    client.asking = true;
    return { ...asked, lease: this.leaseMax - leasedBy(client, nowMs) };
  }

  /** Redis has answered. */
  answered(name: string, asked: Asked, { leased, left, refusedMs }: Answered, nowMs: number): void {
    const client = this.clients.get(name);
    if (client === undefined) return; // Forgotten meanwhile.
    client.left = left;
    client.refusedUntilMs = nowMs + refusedMs;
    client.askAgainMs = nowMs + ASK_AGAIN_MS;
    if (asked.lease === 0) return;
    client.asking = false;
    client.leased = leasedBy(client, nowMs) + leased;
    client.leaseEndsMs = nowMs + LIMITER_LEASE_MS_MAX;
  }

  /** Redis has not answered. It may have leased tokens, and taken what was owed: neither is asked for twice. */
  unanswered(name: string, asked: Asked): void {
    const client = this.clients.get(name);
    if (client !== undefined && asked.lease > 0) client.asking = false;
  }

  /** This client will have to pay these tokens when Redis is back. */
  owe(name: string, tokens: number): void {
    this.use(name).owed += tokens;
  }

  /** What is remembered of a client, as the one used last. */
  private use(name: string): Client {
    const client = this.clients.get(name) ?? newClient();
    this.clients.delete(name);
    this.clients.set(name, client);
    this.forgetOldest();
    return client;
  }

  private forgetOldest(): void {
    if (this.clients.size <= this.clientsMax) return;
    const oldest = this.clients.keys().next();
    if (!oldest.done) this.clients.delete(oldest.value);
  }
}

function newClient(): Client {
  return { leased: 0, leaseEndsMs: 0, left: 0, owed: 0, asking: false, refusedUntilMs: 0, askAgainMs: 0 };
}

function leasedBy(client: Client, nowMs: number): number {
  return nowMs < client.leaseEndsMs ? client.leased : 0;
}
