import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import type { Counter } from "../ports/counter.ts";
import { bidiStreamBytes, clientStreamBytes, defineService, unary, unaryBytes } from "../ports/service-handlers.ts";
import { BatchAcceptor, type IngestParts } from "./accept-batch.ts";
import { encodeWriteAnswer } from "./encode-write-answer.ts";
import { stream } from "./stream.ts";
import { UnreadRejects } from "./unread-rejects.ts";
import { upload } from "./upload.ts";
import { uploadLines } from "./upload-lines.ts";
import { write, writeLog } from "./write-records.ts";

/** The handlers of IngestService. Upload, Stream and Write take the client's bytes as they are. */
export function ingestService(parts: IngestParts & { counter: Counter }) {
  const acceptor = new BatchAcceptor(parts);
  const shared = { acceptor, unreadRejects: new UnreadRejects() };
  return defineService(IngestService, {
    upload: clientStreamBytes((batches, context) => upload(acceptor, batches, context)),
    stream: bidiStreamBytes((batches, send, context) => stream(shared, { batches, send, context })),
    write: unaryBytes((bytes, context) => write(acceptor, bytes, context), encodeWriteAnswer),
    writeLog: unary((request, context) => writeLog(acceptor, parts.counter, request, context)),
    uploadLines: unary((request, context) => uploadLines({ acceptor, clock: parts.clock }, request, context)),
  });
}
