import { Agent, type IncomingMessage, request } from "node:http";
import {
  ANSWER_BYTES_MAX,
  GENERATE_CONNECTION_IDLE_MS_MAX,
  GENERATE_REQUESTS_IN_FLIGHT_MAX,
} from "../../services/domain/limits.ts";
import type { HttpAnswer } from "./http-answers.ts";

/** Posts JSON to one URL over connections that stay open. */
export class HttpPost {
  private readonly url: URL;
  private readonly timeoutMs: number;
  private readonly agent: Agent;

  /** `timeoutMs`: of one request, from its beginning to the end of its answer. */
  constructor(url: URL, timeoutMs: number) {
    this.url = url;
    this.timeoutMs = timeoutMs;
    // A connection that was idle for long may be closed by the server at the moment in which it is used again.
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: GENERATE_REQUESTS_IN_FLIGHT_MAX,
      timeout: GENERATE_CONNECTION_IDLE_MS_MAX,
    });
  }

  /** @throws Error where no answer came, in time. */
  async send(body: Buffer): Promise<HttpAnswer> {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const call = request(this.url, { method: "POST", agent: this.agent, headers });
    const tooLate = new Error(`no answer within ${this.timeoutMs} ms`);
    const timer = setTimeout(() => call.destroy(tooLate), this.timeoutMs);
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        call.once("response", resolve);
        call.on("error", reject); // Also after the response has begun, where nobody listens any more.
        call.end(body);
      });
      return await readAnswer(response);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends what is on its way, too. */
  close(): void {
    this.agent.destroy();
  }
}

async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`the answer has more than ${ANSWER_BYTES_MAX} bytes`);
    parts.push(part);
  }
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers["retry-after"],
    body: Buffer.concat(parts).toString(),
  };
}
