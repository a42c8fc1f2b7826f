import { createClient, createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { QueryService } from "../gen/logpulse/v1/query_service_pb.ts";
import type { ServerConnection } from "./connection.ts";

/** A connection to handlers in this process, for the questions that a test is about. */
export function fakeConnection(
  handlers: Partial<ServiceImpl<typeof QueryService>>,
  timeoutMs = 2_000,
): ServerConnection {
  const transport = createRouterTransport(({ service }) => service(QueryService, { ping: () => ({}), ...handlers }));
  const parts = {
    address: "fake:1",
    timeoutMs,
    retries: { timeoutMs, onWait: () => undefined },
    query: createClient(QueryService, transport),
  };
  return parts as unknown as ServerConnection; // The rest of it is not asked for.
}
