import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createFileRegistry, getOption, hasOption, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { http } from "../gen/google/api/annotations_pb.ts";
import { AdminService } from "../gen/logpulse/v1/admin_service_pb.ts";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { QueryService } from "../gen/logpulse/v1/query_service_pb.ts";
import { StatsService } from "../gen/logpulse/v1/stats_service_pb.ts";
import { validateEnvoy } from "../stack/envoy.ts";
import { haveServers } from "../stack/have-servers.ts";
import { waitUntil } from "../stack/wait.ts";
import { renderEnvoy } from "./render.ts";
import { failing, failingOnce, rateLimited, unavailable } from "./testing/answers.ts";
import { type EnvoyConfigTree, httpFilter, routesOf } from "./testing/config-parts.ts";
import { GrpcClient } from "./testing/grpc-client.ts";
import { DESCRIPTOR_PATH, openDoor, type TestDoor } from "./testing/test-door.ts";
import { committedDescriptorSet, withTrapService } from "./testing/trap-service.ts";

/**
 * One test for each trap of Envoy that was known before a line was written, by its number and name. The first half of each
 * shows the trap, so that it is seen when a later Envoy has none; the second half that our configuration is not in it.
 */
describe.skipIf(!haveServers("envoy"))("traps of Envoy", () => {
  const { method: reads } = QueryService;
  const { method: writes } = IngestService;
  const { bytes: descriptorWithTrap, service: trapService } = withTrapService();
  let directory: string;
  let door: TestDoor;
  let client: GrpcClient;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "logpulse-traps-"));
    const descriptorPath = join(directory, "trap.binpb");
    writeFileSync(descriptorPath, descriptorWithTrap);
    door = await openDoor({ descriptorPath, change: addTrapRoute });
    door.query.add(trapService.methods);
    client = new GrpcClient(door.envoy.port);
  });
  afterAll(async () => {
    client?.close();
    await door?.close();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => door.reset());

  const connect = () =>
    createClient(QueryService, createConnectTransport({ baseUrl: door.envoy.url, httpVersion: "1.1" }));

  it("1: without Trailers-Only no retry, no REST status, no retry-after — so gRPC and REST are on grpc-js", async () => {
    // The trap: Connect's errors are in bodies, where Envoy does not look.
    door.query.answer(reads.ping, failingOnce(unavailable(), { message: "pong" }));
    await expect(connect().ping({})).rejects.toMatchObject({ code: Code.Unavailable });
    expect(door.query.calls).toHaveLength(1);

    // Not in it: gRPC and REST see a Trailers-Only error, which is retried once ...
    door.reset();
    door.query.answer(reads.ping, failingOnce(unavailable(), { message: "pong" }));
    expect((await door.rest("GET", "/ping")).body).toEqual({ message: "pong" });
    expect(door.query.calls).toHaveLength(2);

    // ... and has its status and headers, also where the client streams.
    for (const stub of door.ingest) stub.answer(writes.upload, failing(rateLimited()));
    const limited = await door.rest("POST", "/v1/logs:upload", [{}]);
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "7"]);
  });

  it("2: an error after the first message of a stream is invisible in REST — so such streams end in-band", async () => {
    // The trap: 200 and well-formed lines.
    door.query.answer(trapService.methods[0]!, async function* () {
      yield { message: "first" };
      throw unavailable();
    });
    const answer = await door.rest("GET", "/trap:tail");
    expect([answer.status, answer.body]).toEqual([200, { message: "first" }]);

    // Not in it: every server stream that REST can call has an `end` in its message; CSV has a last line that says so.
    const services = [...createFileRegistry(committedDescriptorSet())].filter((type) => type.kind === "service");
    const streams = services
      .flatMap(({ methods }) => methods)
      .filter(({ methodKind }) => /server|bidi/.test(methodKind));
    const silent = streams.filter((m) => hasOption(m, http) && m.output.fields.every(({ name }) => name !== "end"));
    expect(silent.map(({ name }) => name)).toEqual(["ExportLogsCsv"]);
    expect(getOption(writes.upload, http).pattern.value).toBe("/v1/logs:upload"); // Options are read as they should be.
  });

  it("3: retrying RESOURCE_EXHAUSTED multiplies load — so a limited call is made once", async () => {
    for (const stub of door.stubs) {
      stub.answer(reads.ping, failing(rateLimited())).answer(writes.writeLog, failing(rateLimited()));
    }
    expect((await door.rest("GET", "/ping")).status).toBe(429);
    expect((await client.call(reads.ping, {})).status.code).toBe(Code.ResourceExhausted);
    expect(door.calls).toEqual(["Ping", "Ping"]);
    expect((await door.rest("POST", "/logs", {})).status).toBe(429);
    expect((await client.call(writes.writeLog, {})).status.code).toBe(Code.ResourceExhausted);
    expect(door.calls).toHaveLength(4);
  });

  it("4: hosts found dead are looked at every 60 s, and used all the same by half — so every second, and never", async () => {
    const early = await openDoor({ startStubs: false });
    try {
      // All dead: an error at once, from Envoy itself, and no attempt.
      await waitUntil(async () => (await early.rest("GET", "/ping")).status === 503, 5_000);
      const answer = await early.rest("GET", "/ping");
      expect(answer).toMatchObject({ status: 503, body: { code: Code.Unavailable, message: "no healthy upstream" } });
      expect((await early.rest("GET", "/readyz")).status).toBe(503);
      expect((await early.rest("GET", "/healthz")).status).toBe(200);
      expect(await early.stat("cluster.query.lb_healthy_panic")).toBe(0);

      // The services come a while after Envoy: they are used within seconds.
      await sleep(2_000);
      await Promise.all(early.stubs.map((stub) => stub.start()));
      const began = performance.now();
      await early.ready();
      expect(performance.now() - began).toBeLessThan(10_000);
      expect((await early.rest("GET", "/ping")).status).toBe(200);
    } finally {
      await early.close();
    }
  });

  it("5: UNAVAILABLE from the application ejects healthy hosts — so only failing connections eject", async () => {
    for (const stub of door.stubs) {
      stub.answer(reads.ping, failing(unavailable()));
      stub.answer(writes.writeLog, failing(unavailable("log away")));
    }
    for (let n = 0; n < 30; n++) {
      expect((await door.rest("POST", "/logs", {})).body).toMatchObject({ code: 14, message: "log away" });
      expect((await client.call(reads.ping, {})).status.details).toBe("store away");
    }
    await sleep(1_200); // More than an interval of the outlier detector.
    for (const cluster of ["ingest", "query"]) {
      expect(await door.stat(`cluster.${cluster}.outlier_detection.ejections_active`)).toBe(0);
    }
    door.reset();
    expect((await door.rest("POST", "/logs", {})).status).toBe(201);
  });

  it("6: max_request_body_size is no limit of bodies — so the buffer caps a call, a script an upload, services a batch", async () => {
    // The trap: 20 MiB in one string go through the transcoder's 16 MiB, as part of a stream.
    const sizes: number[] = [];
    for (const stub of door.ingest) {
      stub.answer(writes.upload, async (call) => {
        for await (const message of call.messages)
          sizes.push((message as { records: { message: string }[] }).records[0]!.message.length);
        return {};
      });
    }
    const MiB = 1024 * 1024;
    // Bodies of this size hold up the stubs, which are in this process: Envoy is to find them healthy again before each.
    const send = async (path: string, body: unknown) => {
      const bytes = Buffer.from(JSON.stringify(body));
      await door.ready();
      return door.rest("POST", path, bytes, { "content-type": "application/json" });
    };
    const upload = (bytes: number) => send("/v1/logs:upload", [{ records: [{ message: "a".repeat(bytes) }] }]);
    expect((await upload(20 * MiB)).status).toBe(200);
    expect(sizes).toEqual([20 * MiB]);

    // Not in it: the whole upload has a cap, and so has every other body.
    const capped = await upload(65 * MiB);
    expect(capped).toMatchObject({ status: 413, body: { code: 3, message: expect.stringContaining("64 MiB") } });
    const tooLarge = await send("/logs", { message: "a".repeat(17 * MiB) });
    expect(tooLarge).toMatchObject({ status: 413, body: { code: 3, message: "Payload Too Large" } });
    // What is below reaches the service, which refuses it in its own words (services/runtime).
    expect((await send("/logs", { message: "a".repeat(5 * MiB) })).status).toBe(201);
  });

  it("8: GrpcJsonTranscoderPerRoute of old docs does not exist — so a filter is switched per route by FilterConfig", async () => {
    // The trap.
    const file = join(directory, "per-route.yaml");
    const type = "type.googleapis.com/envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoderPerRoute";
    writeFileSync(
      file,
      renderedWith((config) => {
        routesOf(config)[0]!.typed_per_filter_config = { [TRANSCODER]: { "@type": type, disabled: true } };
      }),
    );
    expect(await validateEnvoy(file)).toContain("GrpcJsonTranscoderPerRoute");

    // Not in it: on the path of a method the transcoder is off, so Connect's JSON arrives as Connect's.
    door.query.answer(reads.ping, async (call) => ({ message: call.protocol }));
    const connectCall = await door.rest(
      "POST",
      "/logpulse.v1.QueryService/Ping",
      {},
      { "content-type": "application/json" },
    );
    expect([connectCall.status, connectCall.body]).toEqual([200, { message: "http1" }]);
    expect((await client.call(reads.ping, {})).message!.message).toBe("grpc");
  });

  it("9: local_reply_config without mappers puts JSON into grpc-message — so native gRPC keeps plain text", async () => {
    door.query.setReady(false);
    await waitUntil(
      async () => (await door.healthyHosts("query")) === 0 && (await door.healthyHosts("query_h1")) === 0,
      5_000,
    );
    const native = await client.call(reads.ping, {});
    expect([native.status.code, native.status.details]).toEqual([Code.Unavailable, "no healthy upstream"]);
    // REST, which is application/grpc too by the time of the error, gets JSON.
    const rest = await door.rest("GET", "/ping");
    expect(rest).toMatchObject({ status: 503, body: { code: 14, message: "no healthy upstream" } });
    // And clients of the HTTP/1.1 side understand it.
    await expect(connect().ping({})).rejects.toMatchObject({ code: Code.Unavailable });
    const grpcWeb = createGrpcWebTransport({ baseUrl: door.envoy.url, httpVersion: "1.1" });
    await expect(createClient(QueryService, grpcWeb).ping({})).rejects.toMatchObject({ code: Code.Unavailable });
    door.query.setReady(true);
    await door.ready();
  });

  it.each(["application/json", "application/x-protobuf"])(
    "10: POST /v1/logs is OTLP's — so it is nobody's: %s is 404",
    async (type) => {
      const answer = await door.rest("POST", "/v1/logs", JSON.stringify({ resourceLogs: [] }), {
        "content-type": type,
      });
      expect(answer).toMatchObject({ status: 404, body: { code: 5 } });
      expect(door.calls).toEqual([]);
      // The contract leaves it free, whatever is added to it.
      const paths = [IngestService, QueryService, StatsService, AdminService]
        .flatMap(({ methods }) => methods)
        .flatMap((m) => {
          const rule = getOption(m, http);
          return [rule, ...rule.additionalBindings]
            .filter(({ pattern }) => pattern.case === "post")
            .map(({ pattern }) => pattern.value);
        });
      expect(paths).not.toContain("/v1/logs");
    },
  );

  it("19: a descriptor set of one file lacks the error details — so ours is of the whole module", async () => {
    // Not in it: details are printed in full.
    door.query.answer(reads.ping, failing(rateLimited()));
    const whole = await door.rest("GET", "/ping");
    expect(whole.body).toMatchObject({
      code: 8,
      details: [{}, { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "7s" }, {}],
    });

    // The trap: what protoc would make of the services' files and their imports.
    const set = committedDescriptorSet();
    set.file = set.file.filter(({ name }) => !name.startsWith("google/rpc/"));
    const descriptorPath = join(directory, "one-file.binpb");
    writeFileSync(descriptorPath, toBinary(FileDescriptorSetSchema, set));
    const poor = await openDoor({ descriptorPath });
    try {
      poor.query.answer(reads.ping, failing(rateLimited()));
      const without = await poor.rest("GET", "/ping");
      expect(JSON.stringify(without.body)).not.toContain("retryDelay");
    } finally {
      await poor.close();
    }
  });

  /** The configuration with one change, as text. */
  function renderedWith(change: (config: EnvoyConfigTree) => void): string {
    const places = {
      listenPort: 1,
      adminPort: 2,
      ingest: ["127.0.0.1:3"],
      query: ["127.0.0.1:4"],
      stats: ["127.0.0.1:5"],
      worker: ["127.0.0.1:6"],
    };
    const config = parse(renderEnvoy({ ...places, descriptorPath: DESCRIPTOR_PATH })) as EnvoyConfigTree;
    change(config);
    return stringify(config, { aliasDuplicateObjects: false });
  }
});

const TRANSCODER = "envoy.filters.http.grpc_json_transcoder";

/** Lets REST call the trap service. */
function addTrapRoute(config: EnvoyConfigTree): void {
  (httpFilter(config, TRANSCODER).services as string[]).push("trap.v1.TrapService");
  const transcoded = [{ name: "x-envoy-original-path", present_match: true }];
  routesOf(config).unshift({
    name: "trap",
    match: { prefix: "/trap.v1.TrapService/", headers: transcoded },
    route: { cluster: "query", timeout: "30s" },
  });
}
