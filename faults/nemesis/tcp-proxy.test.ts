import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TcpProxy } from "./tcp-proxy.ts";

let server: Server;
let proxy: TcpProxy;
let received: string;

beforeEach(async () => {
  received = "";
  server = createServer((socket) => {
    socket.on("error", () => {}); // It is cut: that is what is tested.
    socket.on("data", (bytes) => {
      received += bytes;
      socket.write(`answer to ${bytes}`);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await TcpProxy.listen((server.address() as AddressInfo).port);
});

afterEach(async () => {
  await proxy.close();
  server.close();
});

async function open(): Promise<Socket> {
  const socket = connect(proxy.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

async function answer(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, "data")) as [Buffer];
  return bytes.toString();
}

describe("the TCP proxy", () => {
  it("passes both ways", async () => {
    const socket = await open();
    socket.write("one");
    expect(await answer(socket)).toBe("answer to one");
    socket.destroy();
  });

  it("swallows answers, lets requests through, and cuts; connections made later are whole", async () => {
    const socket = await open();
    socket.write("one");
    await answer(socket);
    proxy.swallowAnswers();
    let late = "";
    socket.on("data", (bytes) => {
      late += bytes;
    });
    socket.write("two");
    await expect.poll(() => received).toBe("onetwo");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    proxy.cut();
    await closed;
    expect(late).toBe("");
    expect(proxy.disturbed).toBe(1);

    const next = await open();
    next.write("three");
    expect(await answer(next)).toBe("answer to three");
    next.destroy();
  });
});
