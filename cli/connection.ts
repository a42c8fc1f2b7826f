import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { AdminService } from "../gen/logpulse/v1/admin_service_pb.ts";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { QueryService } from "../gen/logpulse/v1/query_service_pb.ts";
import { StatsService } from "../gen/logpulse/v1/stats_service_pb.ts";
import { CALL_PING_ANSWER_MS_MAX, CALL_PING_MS } from "../services/domain/limits.ts";
import { type CallRetries, retryingCalls } from "./call-retries.ts";

/**
 * The services of one LogPulse, in either mode, asked by gRPC.
 *
 * Calls of QueryService, StatsService and AdminService that answer with one message are tried again within the time
 * where that may help. A stream has no time of its own: pass `timeoutMs: 0` for one that takes as long as it takes.
 */
export class ServerConnection {
  /** host:port. */
  readonly address: string;
  /** How long a call may take, with all tries. */
  readonly timeoutMs: number;
  /** How calls are tried again, for streams that do so themselves. */
  readonly retries: CallRetries;
  private readonly session: Http2SessionManager;
  private readonly transport: Transport;

  /**
   * `timeoutMs`: of each call. `onWait`: told before a wait that people notice. Nothing is connected before the first
   * call.
   */
  constructor(address: string, timeoutMs: number, onWait: CallRetries["onWait"] = () => undefined) {
    this.address = address;
    this.timeoutMs = timeoutMs;
    this.retries = { timeoutMs, onWait };
    const baseUrl = `http://${address}`;
    this.session = new Http2SessionManager(baseUrl, {
      pingIntervalMs: CALL_PING_MS,
      pingTimeoutMs: CALL_PING_ANSWER_MS_MAX,
    });
    this.transport = createGrpcTransport({
      baseUrl,
      defaultTimeoutMs: timeoutMs,
      sessionManager: this.session,
      interceptors: [retryingCalls(this.retries)],
    });
  }

  get ingest(): Client<typeof IngestService> {
    return createClient(IngestService, this.transport);
  }

  get query(): Client<typeof QueryService> {
    return createClient(QueryService, this.transport);
  }

  get stats(): Client<typeof StatsService> {
    return createClient(StatsService, this.transport);
  }

  get admin(): Client<typeof AdminService> {
    return createClient(AdminService, this.transport);
  }

  /** Ends the connection, so that the process can end. */
  close(): void {
    this.session.abort();
  }
}
