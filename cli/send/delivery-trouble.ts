import { type StatusObject, status } from "@grpc/grpc-js";
import type { RefusedBatch } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { SEND_TROUBLE_TOLD_MS_MIN } from "../../services/domain/limits.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import { durationText } from "../terminal/number-text.ts";

const NOTICED_MS = 1_000;

/** Tells people of a server that is away or wants us to wait: when it begins, now and then while it lasts, and its end. */
export class DeliveryTrouble {
  private readonly address: string;
  private readonly say: (text: string) => void;
  private sinceMs: number | undefined;
  private toldMs = Number.NEGATIVE_INFINITY;
  private reason = "no answer";

  constructor(address: string, say: (text: string) => void) {
    this.address = address;
    this.say = say;
  }

  /** A stream broke with batches on it, and there will be another one. */
  tell(ended: StatusObject, waitMs: number): void {
    this.tellReason(reasonText(ended), waitMs);
  }

  /** A batch was refused for now, and will be sent again. */
  tellRefusal({ reason, message }: RefusedBatch, waitMs: number): void {
    this.tellReason(drawnText(`${reason}: ${message}`), waitMs);
  }

  /** The server is there and lets nothing in for so long, since our share is used up. */
  tellLimit(waitMs: number): void {
    if (waitMs < NOTICED_MS) return;
    this.sayRarely(() => `${this.address} takes no more for ${durationText(waitMs)}: the limit is reached`);
  }

  /** Something was kept. */
  end(): void {
    if (this.sinceMs === undefined) return;
    this.sayNow(`${this.address} takes records again after ${this.lasted()}; going on with what was not acknowledged`);
    this.sinceMs = undefined;
    this.toldMs = Number.NEGATIVE_INFINITY;
  }

  /** For a delivery that ends because of it. */
  failure(waitedMs: number): CommandFailure {
    return new CommandFailure(
      EXIT.unreachable,
      `${this.address} has taken nothing for ${durationText(waitedMs)}: ${this.reason}`,
      "`npm start` in its folder starts one; --addr, LOGPULSE_ADDR or `logpulse profile` name another; --timeout gives it longer.",
    );
  }

  private tellReason(reason: string, waitMs: number): void {
    const isNew = this.sinceMs === undefined;
    this.sinceMs ??= performance.now();
    this.reason = reason;
    const since = isNew ? "" : ` since ${this.lasted()}`;
    const text = () => `${this.address} takes no records${since} (${reason}); trying again in ${durationText(waitMs)}`;
    if (isNew) this.sayNow(text());
    else this.sayRarely(text);
  }

  private lasted(): string {
    return durationText(performance.now() - this.sinceMs!);
  }

  private sayRarely(text: () => string): void {
    if (performance.now() - this.toldMs >= SEND_TROUBLE_TOLD_MS_MIN) this.sayNow(text());
  }

  private sayNow(text: string): void {
    this.toldMs = performance.now();
    this.say(text);
  }
}

/** grpc-js adds what it tried, and when, to the system's words. */
function reasonText({ code, details }: StatusObject): string {
  const refused = /connect [A-Z]+/.exec(details);
  return refused ? refused[0] : drawnText(`${status[code]}: ${details}`.slice(0, 200));
}
