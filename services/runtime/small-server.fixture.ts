import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { bidiStreamBytes, clientStreamBytes, defineService, unary, unaryBytes } from "../ports/service-handlers.ts";
import { LogPulseServer } from "./server.ts";

// A process with a server, whose memory a test can measure: says its port, and its memory when asked.

const nothing = () => undefined;
const server = new LogPulseServer({
  host: "127.0.0.1",
  port: 0,
  tenant: "default",
  checks: [],
  allowedHosts: [],
  trustedProxies: [],
  drainMsMax: 1_000,
  log: { debug: nothing, info: nothing, warn: nothing, error: console.error, fatal: console.error },
  services: [
    defineService(IngestService, {
      upload: clientStreamBytes(async (messages) => {
        let batches = 0n;
        for await (const _ of messages) batches += 1n;
        return { batches };
      }),
      stream: bidiStreamBytes(async (messages, send) => {
        for await (const _ of messages) await send({});
      }),
      write: unaryBytes(async (bytes) => ({ accepted: bytes.length })),
      writeLog: unary(async ({ message }) => ({ id: message })),
      uploadLines: unary(async () => ({})),
    }),
  ],
});

await server.start();
process.on("message", () => process.send?.({ rss: process.memoryUsage().rss, held: server.receivedBytes }));
process.on("disconnect", () => process.exit());
process.send?.({ port: server.address.port });
