import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { StreamResponseSchema } from "../gen/logpulse/v1/ingest_service_pb.ts";

type Answer = MessageInitShape<typeof StreamResponseSchema>;
/** A stream as its server sees it. */
export type Served = ServerDuplexStream<Buffer, Answer>;

const METHOD = {
  path: "/logpulse.v1.IngestService/Stream",
  requestStream: true,
  responseStream: true,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (answer: Answer) =>
    Buffer.from(toBinary(StreamResponseSchema, create(StreamResponseSchema, answer))),
  responseDeserialize: (bytes: Buffer) => bytes,
};

/** A server that answers as the test says: what a good one does, at moments that a good one cannot be made to choose. */
export async function scripted(onStream: (call: Served) => void): Promise<string> {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  server.addService(
    { stream: METHOD },
    {
      stream: (call: Served) => {
        call.on("error", () => {}); // The client may go first.
        onStream(call);
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  onTestFinished(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}
