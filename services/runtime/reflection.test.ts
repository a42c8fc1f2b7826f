import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createFileRegistry, create, fromBinary, getOption } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { credentials, type GrpcObject, loadPackageDefinition, type ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { describe, it, onTestFinished } from "vitest";
import { http } from "../../gen/google/api/annotations_pb.ts";
import { DescriptorIndex } from "./descriptor-index.ts";
import { grpcClient, startTestServer } from "./test-server.ts";

const DESCRIPTOR_SET = readFileSync(new URL("../../gen/logpulse.binpb", import.meta.url));

/** What comes back, as far as the tests look. */
interface Answer {
  original_request: object;
  file_descriptor_response?: { file_descriptor_proto: Buffer[] };
  all_extension_numbers_response?: { base_type_name: string; extension_number: number[] };
  list_services_response?: { service: { name: string }[] };
  error_response?: { error_code: number; error_message: string };
}

/** A client made from the standard's own .proto file, by another protobuf library. */
function reflectionClient(address: string, version: string) {
  const protos = join(dirname(createRequire(import.meta.url).resolve("@grpc/reflection/package.json")), "build/proto");
  const options = { keepCase: true, includeDirs: [protos] };
  const loaded = loadPackageDefinition(loadSync(`grpc/reflection/${version}/reflection.proto`, options));
  const { ServerReflection } = ((loaded.grpc as GrpcObject).reflection as GrpcObject)[version] as GrpcObject;
  const client = new (ServerReflection as ServiceClientConstructor)(address, credentials.createInsecure());
  const stream = client.ServerReflectionInfo!();
  stream.on("error", () => undefined);
  onTestFinished(() => {
    stream.cancel();
    client.close();
  });
  const ask = (question: object) =>
    new Promise<Answer>((resolve) => {
      stream.once("data", resolve);
      stream.write(question);
    });
  return { ask, stream };
}

async function server() {
  return startTestServer({ reflection: new DescriptorIndex(DESCRIPTOR_SET) });
}

function filesOf(answer: Answer) {
  const files = answer.file_descriptor_response?.file_descriptor_proto ?? [];
  return files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

describe.each(["v1", "v1alpha"])("reflection %s", (version) => {
  it("lists the services that are mounted and described", async () => {
    const { address } = await server();
    const { ask } = reflectionClient(address, version);
    const answer = await ask({ host: "", list_services: "*" });
    const names = answer.list_services_response?.service.map(({ name }) => name);
    assert.deepEqual(names, ["logpulse.v1.IngestService", "logpulse.v1.StatsService"]);
    assert.deepEqual(answer.original_request, { host: "", list_services: "*" });
  });

  it.each([
    "logpulse.v1.IngestService",
    "logpulse.v1.IngestService.Upload",
    "logpulse.v1.LogBatch",
    "logpulse.v1.LogBatch.records",
    "google.rpc.RetryInfo",
    "google.api.http",
  ])("describes %s with all that it imports, options included", async (symbol) => {
    const { address } = await server();
    const { ask } = reflectionClient(address, version);
    const files = filesOf(await ask({ file_containing_symbol: symbol }));
    assert.equal(new Set(files.map(({ name }) => name)).size, files.length);
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files.toReversed() })); // Throws if one is missing.
    const write = registry.getService("logpulse.v1.IngestService")?.method.write;
    if (write) assert.equal(getOption(write, http).pattern.value, "/v1/logs:write");
  });

  it("finds files by name and extensions by number", async () => {
    const { address } = await server();
    const { ask } = reflectionClient(address, version);
    const [file] = filesOf(await ask({ file_by_filename: "logpulse/v1/log_batch.proto" }));
    assert.equal(file?.name, "logpulse/v1/log_batch.proto");
    const extension = { containing_type: "google.protobuf.MethodOptions", extension_number: 72295728 };
    assert.equal(filesOf(await ask({ file_containing_extension: extension }))[0]?.name, "google/api/annotations.proto");
    const numbers = await ask({ all_extension_numbers_of_type: "google.protobuf.MethodOptions" });
    assert.ok(numbers.all_extension_numbers_response?.extension_number.includes(72295728));
  });

  it.each([
    { file_containing_symbol: "logpulse.v1.Nope" },
    { file_containing_symbol: "logpulse.v1.LogBatch.nope" },
    { file_containing_symbol: "" },
    { file_by_filename: "../../etc/passwd" },
    { file_containing_extension: { containing_type: "logpulse.v1.LogBatch", extension_number: 1 } },
    { all_extension_numbers_of_type: "nope" },
  ])("says that it does not know %o", async (question) => {
    const { address } = await server();
    const { ask } = reflectionClient(address, version);
    assert.equal((await ask(question)).error_response?.error_code, 5);
    assert.equal((await ask({ list_services: "" })).error_response, undefined, "the stream goes on");
  });
});

describe("reflection", () => {
  it("does not hold up a process that stops", async () => {
    const { address, server: stopping } = await server();
    const { ask } = reflectionClient(address, "v1");
    await ask({ list_services: "" });
    const before = performance.now();
    await stopping.stop();
    assert.ok(performance.now() - before < 500);
  });

  it("answers bytes that are no request with an error", async () => {
    const { address } = await server();
    const stream = grpcClient(address).makeBidiStreamRequest(
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
    );
    const error = new Promise<unknown>((resolve) => stream.on("error", resolve));
    stream.on("data", () => undefined);
    stream.write(Buffer.from("22ff", "hex"));
    assert.match(String(await error), /^Error: 3 INVALID_ARGUMENT: the bytes are no ServerReflectionRequest/);
  });

  it("is off unless it is given the contract", async () => {
    const { address } = await startTestServer();
    const { stream } = reflectionClient(address, "v1");
    const error = new Promise<{ code: number }>((resolve) => stream.on("error", resolve));
    stream.write({ list_services: "" });
    assert.equal((await error).code, 12);
  });
});
