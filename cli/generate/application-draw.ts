import type { JsonObject } from "@bufbuild/protobuf";
import { type DrawnAccess, drawAccess, type ErrorShares } from "./access-draw.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { drawException } from "./stack-traces.ts";

/** A request as a service tells of it. */
export interface DrawnRequest extends DrawnAccess {
  responseBytes: number;
}

/** One record of an application, but for its time. */
export interface DrawnRecord {
  /** A word that every reader of logs knows: "INFO". */
  level: "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL";
  service: string;
  message: string;
  attributes: JsonObject;
  traceId: string;
  spanId: string;
  /** Of records that tell of a request. */
  http: DrawnRequest | undefined;
}

const SERVICES = ["gateway", "auth", "cart", "catalog", "payment", "mailer"];
const REQUEST_SHARE = 0.4; // Of all records.
const NEW_TRACE_SHARE = 0.25;
const STACK_TRACE_SHARE = 0.4; // Of errors.
const FATAL_SHARE = 0.05; // Of errors.
const USERS = 5_000;
const RESPONSE_BYTES_MEDIAN = 4_000;

const QUIET_LEVELS = [
  { level: "INFO", weight: 78 },
  { level: "DEBUG", weight: 20 },
  { level: "TRACE", weight: 2 },
] as const;

const QUIET_TEXTS = [
  "user {user} logged in",
  "cart of user {user} has {count} items",
  "product {count} was read from the cache",
  "mail {id} was handed to the relay after {ms} ms",
  "payment {id} was authorised",
  "index of {count} products was built in {ms} ms",
];
const WARNING_TEXTS = [
  "slow answer of the database: {ms} ms",
  "try {count} of 5 to reach payment-provider.example failed",
  "token of user {user} has expired",
  "queue of mails has {count} entries",
];
const ERROR_TEXTS = [
  "order {id} could not be placed",
  "payment {id} was declined: insufficient funds",
  "connection to the database was lost after {ms} ms",
  "no answer of payment-provider.example within {ms} ms",
];

/** Draws records of a shop's services; some that follow each other belong to one trace. */
export class ApplicationDraw {
  private readonly random: SeededRandom;
  private readonly shares: ErrorShares;
  private traceId = "";

  constructor(random: SeededRandom, shares: ErrorShares) {
    this.random = random;
    this.shares = shares;
  }

  next(): DrawnRecord {
    const { random } = this;
    if (this.traceId === "" || random.chance(NEW_TRACE_SHARE)) this.traceId = random.hex(32);
    const place = { service: random.pick(SERVICES), traceId: this.traceId, spanId: random.hex(16) };
    return { ...place, ...(random.chance(REQUEST_SHARE) ? this.request() : this.event()) };
  }

  /** "A request was served": its level comes from its status. */
  private request() {
    const responseBytes = Math.round(this.random.around(RESPONSE_BYTES_MEDIAN, 1));
    const http = { ...drawAccess(this.random, this.shares), responseBytes };
    const { method, path, status, latencyMs } = http;
    const level: DrawnRecord["level"] = status >= 500 ? "ERROR" : status >= 400 ? "WARN" : "INFO";
    const message = `${method} ${path} ${status} in ${latencyMs} ms`;
    return { level, message, attributes: { region: this.region() }, http };
  }

  private event() {
    const { random, shares } = this;
    const drawn = random.next();
    if (drawn < shares.serverErrors) return this.error();
    const isWarning = drawn < shares.serverErrors + shares.clientErrors;
    const level: DrawnRecord["level"] = isWarning ? "WARN" : random.pickWeighted(QUIET_LEVELS).level;
    const facts = this.facts();
    const message = filled(random.pick(isWarning ? WARNING_TEXTS : QUIET_TEXTS), facts);
    return { level, message, attributes: { region: this.region(), ...facts }, http: undefined };
  }

  private error() {
    const { random } = this;
    const level: DrawnRecord["level"] = random.chance(FATAL_SHARE) ? "FATAL" : "ERROR";
    const facts = this.facts();
    const message = filled(random.pick(ERROR_TEXTS), facts);
    const attributes: JsonObject = { region: this.region(), ...facts };
    if (!random.chance(STACK_TRACE_SHARE)) return { level, message, attributes, http: undefined };
    const exception = drawException(random, message);
    attributes.exception = { type: exception.type, message };
    return { level, message: exception.trace, attributes, http: undefined };
  }

  private facts() {
    const { random } = this;
    return {
      user: `u${1 + random.below(USERS)}`,
      count: 1 + random.below(40),
      ms: Math.round(random.around(80, 1)),
      id: random.hex(8),
    };
  }

  private region(): string {
    return this.random.pick(["eu-1", "eu-2", "us-1"]);
  }
}

function filled(text: string, facts: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name]));
}
