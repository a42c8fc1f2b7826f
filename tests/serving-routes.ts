import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { onTestFinished } from "vitest";

/** A gRPC server with handlers of the test, until that ends; its host:port. */
export function servingRoutes(routes: (router: ConnectRouter) => void): Promise<string> {
  return listening(createHttp2Server(connectNodeAdapter({ routes })));
}

/** Lets any server listen on a port of its own, until the test ends; its host:port. */
export async function listening(server: Server | ReturnType<typeof createHttp2Server>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
