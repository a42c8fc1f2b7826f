/**
 * The floor of ingest: a grpc-js server that does nothing with what it takes. Upload counts the bytes of each message and
 * answers once at the end; Write gives each message back. With the same windows as ours. Its arguments are the port, and
 * "walk" where Upload is to walk over the bytes of each message as ours does, as the floor of the design did.
 */
import type { Http2Server, ServerHttp2Session } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { UploadResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { CONNECTION_WINDOW_BYTES, GRPC_MESSAGE_BYTES_MAX, STREAM_WINDOW_BYTES } from "../../services/domain/limits.ts";
import { walkBatch } from "../../services/ingest/walk-batch.ts";

const untouched = (bytes: Buffer) => bytes;
const pass = {
  requestSerialize: untouched,
  requestDeserialize: untouched,
  responseSerialize: untouched,
  responseDeserialize: untouched,
};
const SERVICE = "/logpulse.v1.IngestService/";
const isWalking = process.argv[3] === "walk";

const server = new Server({ "grpc.max_receive_message_length": GRPC_MESSAGE_BYTES_MAX, "grpc.enable_channelz": 0 });
server.addService(
  {
    upload: { path: `${SERVICE}Upload`, requestStream: true, responseStream: false, ...pass },
    write: { path: `${SERVICE}Write`, requestStream: false, responseStream: false, ...pass },
  },
  {
    upload: (call: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
      let bytes = 0;
      call.on("data", (message: Buffer) => {
        bytes += message.length;
        if (isWalking) walkBatch(message);
      });
      call.on("end", () =>
        answer(
          null,
          Buffer.from(toBinary(UploadResponseSchema, create(UploadResponseSchema, { accepted: BigInt(bytes) }))),
        ),
      );
    },
    write: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => answer(null, call.request),
  },
);
server.bindAsync(`127.0.0.1:${Number(process.argv[2])}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  for (const http2Server of http2ServersOf(server)) {
    http2Server.on("session", (session: ServerHttp2Session) => {
      session.settings({ initialWindowSize: STREAM_WINDOW_BYTES });
      session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    });
  }
  console.log("ready");
});

/** A private field of grpc-js, as in services/runtime/grpc-server.ts: it has no option for windows. */
function http2ServersOf(of: Server): Iterable<Http2Server> {
  return (of as unknown as { http2Servers: Map<Http2Server, object> }).http2Servers.keys();
}
