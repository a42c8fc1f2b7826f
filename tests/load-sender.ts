import { randomBytes } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { WriteResponseSchema } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { LogBatchSchema } from "../gen/logpulse/v1/log_batch_pb.ts";
import { makeUuidV7 } from "../services/domain/identity.ts";

const RECORDS_PER_BATCH = 20;
const TRY_AGAIN_MS = 200;
const PAUSE_MS = 100;
const CALL_MS_MAX = 15_000;

/**
 * A client as the documentation asks for: it declares its identities and sends a batch again, the same bytes, until it
 * is acknowledged. It writes down what was acknowledged, outside of everything that is killed.
 */
export class LoadSender {
  static readonly recordsPerBatch = RECORDS_PER_BATCH;
  readonly acknowledged: string[] = [];
  /** Of these, the ones that may stand in the log more than once: they were sent again. */
  readonly sentTwice = new Set<string>();
  /** Calls that failed and were repeated, by gRPC code. */
  readonly failures = new Map<number, number>();
  private readonly client: Client;
  private readonly producerId = makeUuidV7(Date.now(), randomBytes(10));
  private readonly name: string;
  private readonly times: number;
  private stopping = false;
  private abandoned = false;
  private running: Promise<void> = Promise.resolve();

  /** `times`: how often it sends each batch, also when all is well. */
  constructor(address: string, name: string, { times = 1 } = {}) {
    this.client = new Client(address, credentials.createInsecure());
    this.name = name;
    this.times = times;
  }

  /** Sends batch after batch until `stop`. */
  start(): void {
    this.running = this.run();
  }

  /** Resolves when the last batch is acknowledged. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
    this.client.close();
  }

  /** Stops at once; the batch on its way stays unknown. */
  abandon(): void {
    this.stopping = true;
    this.abandoned = true;
  }

  private async run(): Promise<void> {
    for (let firstSeq = 0; !this.stopping; firstSeq += RECORDS_PER_BATCH) {
      const batch = this.batch(firstSeq);
      const producer = Buffer.from(this.producerId).toString("hex");
      const ids = Array.from({ length: RECORDS_PER_BATCH }, (_, i) => `${producer}-${firstSeq + i}`);
      for (let left = this.times; left > 0; ) {
        if (await this.send(batch)) {
          left--;
        } else {
          if (this.abandoned) return this.client.close();
          await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
        }
        if (left > 0) for (const id of ids) this.sentTwice.add(id);
      }
      this.acknowledged.push(...ids);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS)); // The machine has to run everything else too.
    }
  }

  private batch(firstSeq: number): Uint8Array {
    const records = Array.from({ length: RECORDS_PER_BATCH }, (_, i) => ({
      service: this.name,
      message: `record ${firstSeq + i} of ${this.name}`,
      http: { clientIp: `10.1.${i}.1`, method: "GET", path: `/${i % 5}`, status: i % 10 === 0 ? 500 : 200 },
    }));
    return toBinary(
      LogBatchSchema,
      create(LogBatchSchema, { producerId: this.producerId, firstSeq: BigInt(firstSeq), records }),
    );
  }

  private send(batch: Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      const answered = (error: ServiceError | null) => {
        if (error) this.failures.set(error.code, (this.failures.get(error.code) ?? 0) + 1);
        resolve(!error);
      };
      this.client.makeUnaryRequest(
        "/logpulse.v1.IngestService/Write",
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => fromBinary(WriteResponseSchema, bytes),
        batch,
        { deadline: Date.now() + CALL_MS_MAX },
        answered,
      );
    });
  }
}
