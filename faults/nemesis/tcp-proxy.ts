import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

interface Pair {
  near: Socket;
  far: Socket;
  /** Answers no longer reach the caller. */
  swallows: boolean;
}

/** Stands between a client and a server on 127.0.0.1, and can do to their connections what networks do. */
export class TcpProxy {
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  private targetPort: number | undefined;
  /** Connections whose answers were swallowed or that were cut, since the start. */
  disturbed = 0;

  private constructor(server: Server) {
    this.server = server;
    server.on("connection", (near) => this.connected(near));
  }

  /** Listens on a free port; where it forwards to may be said later, by `forwardTo`. */
  static async listen(targetPort?: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: "127.0.0.1", port: 0 }, resolve);
    });
    const proxy = new TcpProxy(server);
    proxy.targetPort = targetPort;
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  forwardTo(targetPort: number): void {
    this.targetPort = targetPort;
  }

  /** Closes every connection, with whatever is on its way. */
  cut(): void {
    for (const { near, far } of this.pairs) {
      this.disturbed++;
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /**
   * From now on, until the next `cut`, nothing that the server answers on the connections there are reaches the client;
   * what the client sends still reaches the server.
   */
  swallowAnswers(): void {
    for (const pair of this.pairs) pair.swallows = true;
  }

  async close(): Promise<void> {
    for (const { near, far } of this.pairs) {
      near.destroy();
      far.destroy();
    }
    await new Promise((resolve) => this.server.close(resolve));
  }

  private connected(near: Socket): void {
    if (this.targetPort === undefined) {
      near.destroy();
      return;
    }
    const far = connect({ host: "127.0.0.1", port: this.targetPort });
    const pair: Pair = { near, far, swallows: false };
    this.pairs.add(pair);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on("error", () => {}); // A "close" follows, and that is handled.
    }
    forward(near, far, () => true);
    forward(far, near, () => !pair.swallows);
    near.on("close", () => this.ended(pair, far));
    far.on("close", () => this.ended(pair, near));
  }

  private ended(pair: Pair, other: Socket): void {
    this.pairs.delete(pair);
    other.destroy();
  }
}

/** As fast as the receiver takes it. */
function forward(from: Socket, to: Socket, passes: () => boolean): void {
  from.on("data", (bytes) => {
    if (passes() && !to.write(bytes)) from.pause();
  });
  to.on("drain", () => from.resume());
  from.on("end", () => to.end());
}
