import { create, toJson } from "@bufbuild/protobuf";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { isInvalid, type RecordSource, recordOf } from "../ledger/record-generator.ts";
import { mixed, SeededRandom } from "../ledger/seeded-random.ts";
import { uuidV7 } from "../load/load.ts";

const ANSWER_MS_MAX = 10_000;
const PROBE = 77; // A sequence of its own.

/** What a REST door has answered. */
export interface RestAnswer {
  status: number;
  body: string;
}

/** One who asks through the REST door now and then, and writes down what it sends as all clients do. */
export class RestProbe {
  private readonly url: string;
  private readonly ledger: Ledger;
  private readonly producer: string;
  private readonly source: RecordSource;
  private nextSeq: number;
  private firstTaken: number | undefined;

  /** `address`: host:port. */
  constructor(address: string, ledger: Ledger) {
    this.url = `http://${address}`;
    this.ledger = ledger;
    this.producer = uuidV7(Date.now(), new SeededRandom(ledger.seed, PROBE).bytes(10));
    this.source = ledger.producer(this.producer, mixed(ledger.seed, PROBE));
    this.nextSeq = this.plainSeqFrom(0);
  }

  /** Where the next record will be found once it is stored. */
  get nextPath(): string {
    return `/v1/logs/${this.producer}-${this.nextSeq}`;
  }

  /** Sends the next record; where it is not taken, the same one is sent again by the next call. */
  async write(): Promise<RestAnswer> {
    const seq = this.nextSeq;
    const batch = create(LogBatchSchema, {
      ...{ producerId: new Uint8Array(Buffer.from(this.producer, "hex")), firstSeq: BigInt(seq) },
      records: [recordOf(this.source, seq)],
    });
    const send = this.ledger.sending(this.producer, seq, 1, "REST");
    const answer = await this.ask("/v1/logs:write", {
      method: "POST",
      body: JSON.stringify(toJson(LogBatchSchema, batch)),
    });
    const acked = answer.status === 200;
    this.ledger.answered(send, acked ? { outcome: "acked" } : { outcome: "unknown", code: answer.status });
    if (acked) {
      this.firstTaken ??= seq;
      this.nextSeq = this.plainSeqFrom(seq + 1);
    }
    return answer;
  }

  /** The first record that was taken, by its id. */
  getFirst(): Promise<RestAnswer> {
    return this.ask(`/v1/logs/${this.producer}-${this.firstTaken}`);
  }

  /** Any answer of the door. @throws Error where there is none. */
  async ask(path: string, request: RequestInit = {}): Promise<RestAnswer> {
    const headers = { "content-type": "application/json" };
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const response = await fetch(`${this.url}${path}`, { headers, signal, ...request });
    return { status: response.status, body: await response.text() };
  }

  /** Of a valid record that says in JSON what it says (attributes have numbers that JSON does not have), and is stored. */
  private plainSeqFrom(seq: number): number {
    const { attributes, http } = recordOf(this.source, seq);
    return isInvalid(this.source, seq) || attributes || http ? this.plainSeqFrom(seq + 1) : seq;
  }
}
