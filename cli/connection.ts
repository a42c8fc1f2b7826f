import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { AdminService } from "../gen/logpulse/v1/admin_service_pb.ts";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { QueryService } from "../gen/logpulse/v1/query_service_pb.ts";
import { StatsService } from "../gen/logpulse/v1/stats_service_pb.ts";

/** The services of one LogPulse, in either mode, asked by gRPC. */
export class ServerConnection {
  /** host:port. */
  readonly address: string;
  private readonly session: Http2SessionManager;
  private readonly transport: Transport;

  /** `timeoutMs`: of each call that is not a stream. Nothing is connected before the first call. */
  constructor(address: string, timeoutMs: number) {
    this.address = address;
    const baseUrl = `http://${address}`;
    this.session = new Http2SessionManager(baseUrl);
    this.transport = createGrpcTransport({ baseUrl, defaultTimeoutMs: timeoutMs, sessionManager: this.session });
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
