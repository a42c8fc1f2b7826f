import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer, type Server } from "node:net";
import { create } from "@bufbuild/protobuf";
import { ConnectError, type ConnectRouter, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { describe, expect, it, onTestFinished } from "vitest";
import { QueryService, SearchLogsResponseSchema } from "../gen/logpulse/v1/query_service_pb.ts";
import { LogPulseError } from "../services/domain/errors.ts";
import { toConnectError, toStatus } from "../services/runtime/rpc-status.ts";
import { freePort } from "../stack/free-port.ts";
import { logpulse, startLogpulse } from "./logpulse-command.ts";

type Handlers = Partial<ServiceImpl<typeof QueryService>>;

/** A gRPC server with these handlers, until the test ends; its host:port. */
function serving(handlers: Handlers): Promise<string> {
  const routes = (router: ConnectRouter) => router.service(QueryService, handlers);
  return listening(createHttp2Server(connectNodeAdapter({ routes })));
}

async function listening(server: Server | ReturnType<typeof createHttp2Server>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const failing = (...args: ConstructorParameters<typeof LogPulseError>): Handlers => ({
  searchLogs() {
    throw toConnectError(toStatus(new LogPulseError(...args)));
  },
});

const search = (address: string, ...args: string[]) =>
  logpulse(["search", "--addr", address, ...args], { XDG_CONFIG_HOME: "/nowhere", TZ: "UTC" });

describe("the exit code of a command", () => {
  it("is 0 where all is well", async () => {
    const address = await serving({ searchLogs: () => create(SearchLogsResponseSchema) });
    expect(await search(address)).toEqual({ code: 0, out: "", err: "" });
  });

  it("is 2 for a command line that is wrong, before anybody is asked", async () => {
    expect(await logpulse(["serch"])).toEqual({
      code: 2,
      out: "",
      err: 'logpulse: there is no command "serch"; did you mean search?\n`logpulse --help` lists all commands.\n',
    });
    expect((await logpulse(["search", "--form", "x"])).err).toContain("did you mean --from?");
  });

  it("is 3 where nobody listens, with what to do about it", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const { code, out, err } = await search(address);
    expect([code, out]).toEqual([3, ""]);
    expect(err).toBe(
      `logpulse: no LogPulse can be reached at ${address}: connect ECONNREFUSED ${address}\n` +
        "`npm start` in its folder starts one; --addr, LOGPULSE_ADDR or `logpulse profile` name another.\n",
    );
  });

  it("is 3 where no answer comes in time", async () => {
    const address = await listening(createServer((socket) => void onTestFinished(() => void socket.destroy())));
    expect(await search(address, "--timeout", "500ms")).toEqual({
      code: 3,
      out: "",
      err: `logpulse: ${address} did not answer in time\n--timeout gives it longer.\n`,
    });
  });

  it.each([[["tail"]], [["search", "--limit", "all"]]])("is 3 for a stream too (%j)", async (args) => {
    const address = await listening(createServer((socket) => void onTestFinished(() => void socket.destroy())));
    expect(await logpulse([...args, "--addr", address, "--timeout", "500ms"])).toMatchObject({
      code: 3,
      err: expect.stringContaining("did not answer in time"),
    });
  });

  it("is 4 for what is not allowed", async () => {
    expect(await search(await serving(failing("not_permitted", "not for you")))).toEqual({
      code: 4,
      out: "",
      err: "logpulse: not for you\n",
    });
  });

  it("is 5 where the server is too busy, after tries with the waits that it asks for", async () => {
    const address = await serving(failing("overloaded", "a queue is full", { retryAfterMs: 1_000 }));
    const { code, err } = await search(address, "--timeout", "2500ms");
    expect(code).toBe(5);
    expect(err).toBe(
      "-- a queue is full; asking again in 1 s\n".repeat(2) +
        `logpulse: ${address} cannot answer now: a queue is full\nTry again in 1 s.\n`,
    );
  });

  it("is 6 for an answer that is not whole", async () => {
    const page = { logs: [{ id: "a-1", record: { message: "found" } }], partial: true };
    const address = await serving({ searchLogs: () => create(SearchLogsResponseSchema, page) });
    const { code, out, err } = await search(address, "--json");
    expect([code, JSON.parse(out).id]).toEqual([6, "a-1"]);
    expect(err).toContain("1 record, not all");
  });

  it("is 130 where it was interrupted, and nothing is said", async () => {
    const asked = Promise.withResolvers<void>();
    const address = await serving({
      async searchLogs(_request, { signal }) {
        asked.resolve();
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        throw new ConnectError("over");
      },
    });
    const command = startLogpulse(["search", "--addr", address]);
    await asked.promise;
    command.kill("SIGINT");
    expect(await command.ended).toEqual({ code: 130, out: "", err: "" });
  });

  it("has no message that a server could move the terminal with", async () => {
    const { err } = await search(await serving(failing("not_permitted", "\u001b[2Jevil")));
    expect(err).toBe("logpulse: ␛[2Jevil\n");
  });
});
