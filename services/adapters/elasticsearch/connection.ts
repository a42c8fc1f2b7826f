import { Client, UndiciConnection } from "@elastic/elasticsearch";
import { LogPulseError } from "../../domain/errors.ts";
import { STORE_CHECK_MS_MAX, STORE_WRITE_MS_MAX } from "../../domain/limits.ts";
import { toStoreError } from "./errors.ts";
import { indexPatterns } from "./index-template.ts";

/**
 * One request. `body` is JSON, `lines` newline-delimited JSON as it is sent: not to be written over before it has ended
 * well.
 */
export interface ElasticsearchRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  query?: Record<string, string | boolean>;
  body?: object;
  lines?: Buffer;
  /** Bytes of the answer beyond which it is not read; see `isAnswerTooLarge`. */
  answerBytesMax?: number;
}

/**
 * A client without what must not happen behind our back: no retries, no sniffing, no compression, and no copy of the
 * request for each error. By default the client goes over all that an error holds for secrets, over the body byte by
 * byte: a failed bulk of 4 MB stopped the process for two seconds and took 600 MB.
 */
export function openClient(url: string): Client {
  return new Client({
    node: url,
    maxRetries: 0,
    requestTimeout: STORE_WRITE_MS_MAX,
    compression: false,
    redaction: { type: "remove" },
    Connection: QuietConnection,
  });
}

/**
 * The client destroys the body of an answer whose announced length is beyond `answerBytesMax` when nobody listens to it
 * yet: the body's "error" event would then end the process. The request fails in any case.
 */
class QuietConnection extends UndiciConnection {
  constructor(options: ConstructorParameters<typeof UndiciConnection>[0]) {
    super(options);
    const { pool } = this;
    const request = pool.request.bind(pool);
    pool.request = async (asked: Parameters<typeof request>[0]) => {
      const answer = await request(asked);
      answer.body.on("error", () => {});
      return answer;
    };
  }
}

/**
 * Sends a request and gives the parsed answer of a 2xx.
 *
 * The time limit is a signal of our own, never the client's `requestTimeout` option: that one fires an "abort" event on
 * the caller's signal, which stops everything else the caller has under way, and ends with the answer's headers.
 *
 * @throws what the client throws, for `toStoreError`.
 */
export async function send(
  client: Client,
  { method, path, query, body, lines, answerBytesMax }: ElasticsearchRequest,
  msMax: number,
  signal: AbortSignal,
): Promise<unknown> {
  return client.transport.request(
    { method, path, querystring: query, body, bulkBody: lines },
    { signal: AbortSignal.any([signal, AbortSignal.timeout(msMax)]), maxResponseSize: answerBytesMax },
  );
}

/**
 * Resolves if the indices of a prefix can be read and written now; none at all is fine.
 *
 * @throws LogPulseError `store_unavailable`, within STORE_CHECK_MS_MAX.
 */
export async function checkHealth(client: Client, indexPrefix: string): Promise<void> {
  const path = `/_cluster/health/${indexPatterns(indexPrefix).join(",")}`;
  const never = new AbortController().signal;
  const health = await send(client, { method: "GET", path }, STORE_CHECK_MS_MAX, never).catch((reason: unknown) => {
    throw toStoreError(reason, never);
  });
  const status = typeof health === "object" && health !== null && "status" in health ? health.status : undefined;
  if (status !== "green" && status !== "yellow") {
    throw new LogPulseError("store_unavailable", `Elasticsearch is not well: the status of its indices is ${status}`);
  }
}
