import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { BinaryReader } from "@bufbuild/protobuf/wire";

/** A span as a collector got it. Ids in hexadecimal digits; `parentId` is "" where it has none. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentId: string;
  traceState: string;
  name: string;
  /** As the protocol numbers them: 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  beganNanos: bigint;
  endedNanos: bigint;
  facts: Record<string, string | number>;
  links: { traceId: string; spanId: string }[];
  /** 2 is an error. */
  status: { code: number; message: string };
  /** Of the process that sent it. */
  resource: Record<string, string | number>;
}

/** A collector that keeps what it gets. */
export interface OtlpReceiver {
  /** For LOGPULSE_TRACES_URL. */
  url: string;
  spans: ReceivedSpan[];
  /** Headers of each request. */
  requests: Record<string, unknown>[];
  stop(): Promise<void>;
}

/** `answer`: left out, it takes everything. */
export async function startOtlpReceiver(
  answer: (response: ServerResponse) => void = (response) => void response.writeHead(200).end(),
): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: Record<string, unknown>[] = [];
  const server = createServer(async (request, response) => {
    requests.push({ ...request.headers, path: request.url, method: request.method });
    const body = Buffer.concat(await request.toArray());
    spans.push(...spansOf(body));
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** By number, each field's values: numbers, or the bytes of texts, messages and ids. */
type Fields = Map<number, (bigint | number | Uint8Array)[]>;

function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields: Fields = new Map();
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const value =
      wireType === 0
        ? BigInt(reader.uint64())
        : wireType === 1
          ? reader.double()
          : wireType === 5
            ? reader.fixed32()
            : reader.bytes();
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

const messages = (fields: Fields, field: number) =>
  (fields.get(field) ?? []).map((each) => fieldsOf(each as Uint8Array));
const text = (fields: Fields, field: number) => Buffer.from((fields.get(field)?.[0] as Uint8Array) ?? []).toString();
const hex = (fields: Fields, field: number) =>
  Buffer.from((fields.get(field)?.[0] as Uint8Array) ?? []).toString("hex");
const number = (fields: Fields, field: number) => Number(fields.get(field)?.[0] ?? 0);

/** A fixed64, which `fieldsOf` has read as a double. */
function fixed64(fields: Fields, field: number): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE((fields.get(field)?.[0] as number) ?? 0);
  return bytes.readBigUInt64LE();
}

/** The numbers are those of opentelemetry/proto/collector/trace/v1/trace_service.proto and what it imports. */
function spansOf(request: Uint8Array): ReceivedSpan[] {
  return messages(fieldsOf(request), 1).flatMap((ofResource) => {
    const resource = factsOf(messages(ofResource, 1)[0] ?? new Map(), 1);
    return messages(ofResource, 2).flatMap((ofScope) => messages(ofScope, 2).map((span) => spanOf(span, resource)));
  });
}

function spanOf(span: Fields, resource: ReceivedSpan["resource"]): ReceivedSpan {
  const [status = new Map() as Fields] = messages(span, 15);
  return {
    traceId: hex(span, 1),
    spanId: hex(span, 2),
    traceState: text(span, 3),
    parentId: hex(span, 4),
    name: text(span, 5),
    kind: number(span, 6),
    beganNanos: fixed64(span, 7),
    endedNanos: fixed64(span, 8),
    facts: factsOf(span, 9),
    links: messages(span, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
    status: { code: number(status, 3), message: text(status, 2) },
    resource,
  };
}

function factsOf(fields: Fields, field: number): Record<string, string | number> {
  return Object.fromEntries(
    messages(fields, field).map((pair) => {
      const [value = new Map() as Fields] = messages(pair, 2);
      return [text(pair, 1), value.has(1) ? text(value, 1) : Number(value.get(3)?.[0] ?? value.get(4)?.[0])];
    }),
  );
}
