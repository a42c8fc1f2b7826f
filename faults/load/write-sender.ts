import { fromBinary } from "@bufbuild/protobuf";
import type { Client, ServiceError } from "@grpc/grpc-js";
import { type WriteResponse, WriteResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import type { Answer } from "../ledger/ledger.ts";
import {
  answerOf,
  asTheyAre,
  type BatchSender,
  CALL_MS_MAX,
  ContractBroken,
  type EncodedBatch,
  openClient,
  pathOf,
} from "./batch-sender.ts";

/** Each batch is a call of Write. */
export class WriteSender implements BatchSender {
  readonly by = "Write";
  private readonly client: Client;

  constructor(address: string) {
    this.client = openClient(address);
  }

  send({ bytes, count }: EncodedBatch): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, response?: WriteResponse) => {
        try {
          resolve(error ? answerOf(error, true) : answerOfWrite(response!, count));
        } catch (reason) {
          reject(reason);
        }
      };
      this.client.makeUnaryRequest(
        pathOf("Write"),
        asTheyAre,
        (answer: Buffer) => fromBinary(WriteResponseSchema, answer),
        bytes,
        { deadline: Date.now() + CALL_MS_MAX },
        answered,
      );
    });
  }

  close(): void {
    this.client.close();
  }
}

function answerOfWrite({ accepted, rejects }: WriteResponse, records: number): Answer {
  if (accepted + rejects.length !== records)
    throw new ContractBroken(`Write accepted ${accepted} and rejected ${rejects.length} of ${records} records`);
  return { outcome: "acked", rejected: rejects.map(({ index }) => index) };
}
