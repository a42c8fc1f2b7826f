import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { create, createFileRegistry, fromBinary, getOption, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe, it, onTestFinished } from "vitest";
import { http } from "../../gen/google/api/annotations_pb.ts";
import { DescriptorIndex } from "./descriptor-index.ts";
import { grpcClient, startTestServer, untouched } from "./server.fixture.ts";
import { declareMessages } from "./wire.fixture.ts";

const DESCRIPTOR_SET = readFileSync(new URL("../../gen/logpulse.binpb", import.meta.url));

/** grpc.reflection.v1 as the standard has it; its oneofs as plain fields, which is the same on the wire. */
const reflection = declareMessages("grpc.reflection.v1", {
  ServerReflectionRequest: [
    { name: "host", number: 1, type: "TYPE_STRING" },
    { name: "file_by_filename", number: 3, type: "TYPE_STRING", proto3Optional: true },
    { name: "file_containing_symbol", number: 4, type: "TYPE_STRING", proto3Optional: true },
    { name: "file_containing_extension", number: 5, typeName: ".grpc.reflection.v1.ExtensionRequest" },
    { name: "all_extension_numbers_of_type", number: 6, type: "TYPE_STRING", proto3Optional: true },
    { name: "list_services", number: 7, type: "TYPE_STRING", proto3Optional: true },
  ],
  ExtensionRequest: [
    { name: "containing_type", number: 1, type: "TYPE_STRING" },
    { name: "extension_number", number: 2, type: "TYPE_INT32" },
  ],
  ServerReflectionResponse: [
    { name: "valid_host", number: 1, type: "TYPE_STRING" },
    { name: "original_request", number: 2, typeName: ".grpc.reflection.v1.ServerReflectionRequest" },
    { name: "file_descriptor_response", number: 4, typeName: ".grpc.reflection.v1.FileDescriptorResponse" },
    { name: "all_extension_numbers_response", number: 5, typeName: ".grpc.reflection.v1.ExtensionNumberResponse" },
    { name: "list_services_response", number: 6, typeName: ".grpc.reflection.v1.ListServiceResponse" },
    { name: "error_response", number: 7, typeName: ".grpc.reflection.v1.ErrorResponse" },
  ],
  FileDescriptorResponse: [{ name: "file_descriptor_proto", number: 1, type: "TYPE_BYTES", label: "LABEL_REPEATED" }],
  ExtensionNumberResponse: [
    { name: "base_type_name", number: 1, type: "TYPE_STRING" },
    { name: "extension_number", number: 2, type: "TYPE_INT32", label: "LABEL_REPEATED" },
  ],
  ListServiceResponse: [
    { name: "service", number: 1, typeName: ".grpc.reflection.v1.ServiceResponse", label: "LABEL_REPEATED" },
  ],
  ServiceResponse: [{ name: "name", number: 1, type: "TYPE_STRING" }],
  ErrorResponse: [
    { name: "error_code", number: 1, type: "TYPE_INT32" },
    { name: "error_message", number: 2, type: "TYPE_STRING" },
  ],
});

/** What comes back, as far as the tests look. */
interface Answer {
  originalRequest: Record<string, unknown>;
  fileDescriptorResponse?: { fileDescriptorProto: Uint8Array[] };
  allExtensionNumbersResponse?: { baseTypeName: string; extensionNumber: number[] };
  listServicesResponse?: { service: { name: string }[] };
  errorResponse?: { errorCode: number; errorMessage: string };
}

function reflectionClient(address: string, version: string) {
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const stream = grpcClient(address).makeBidiStreamRequest(path, untouched, untouched);
  stream.on("error", () => undefined);
  onTestFinished(() => stream.cancel());
  const ask = (question: object) =>
    new Promise<Answer>((resolve) => {
      const [answer] = reflection("ServerReflectionResponse", {});
      stream.once("data", (bytes: Buffer) => resolve(fromBinary(answer, bytes) as unknown as Answer));
      stream.write(Buffer.from(toBinary(...reflection("ServerReflectionRequest", question))));
    });
  return { ask, stream };
}

async function server() {
  return startTestServer({ drainMsMax: 20_000, reflection: new DescriptorIndex(DESCRIPTOR_SET) });
}

function filesOf(answer: Answer) {
  const files = answer.fileDescriptorResponse?.fileDescriptorProto ?? [];
  return files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

/** The files in an order in which each comes after its imports. Fails where one is missing. */
function importsFirst(files: FileDescriptorProto[]): FileDescriptorProto[] {
  const ordered = new Map<string, FileDescriptorProto>();
  while (ordered.size < files.length) {
    const next = files.find(
      ({ name, dependency }) => !ordered.has(name) && dependency.every((each) => ordered.has(each)),
    );
    assert.ok(next, `imports are missing: ${files.map(({ name }) => name)}`);
    ordered.set(next.name, next);
  }
  return [...ordered.values()];
}

describe.each(["v1", "v1alpha"])("reflection %s", (version) => {
  it("lists the services that are mounted and described", async () => {
    const { address } = await server();
    const { ask } = reflectionClient(address, version);
    const answer = await ask({ host: "", listServices: "*" });
    const names = answer.listServicesResponse?.service.map(({ name }) => name);
    assert.deepEqual(names, ["logpulse.v1.IngestService", "logpulse.v1.StatsService"]);
    assert.equal(answer.originalRequest.listServices, "*");
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
    const files = filesOf(await ask({ fileContainingSymbol: symbol }));
    assert.equal(new Set(files.map(({ name }) => name)).size, files.length);
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: importsFirst(files) }));
    const write = registry.getService("logpulse.v1.IngestService")?.method.write;
    if (write) assert.equal(getOption(write, http).pattern.value, "/v1/logs:write");
  });

  it("finds files by name and extensions by number", async () => {
    const { address } = await server();
    const { ask } = reflectionClient(address, version);
    const [file] = filesOf(await ask({ fileByFilename: "logpulse/v1/log_batch.proto" }));
    assert.equal(file?.name, "logpulse/v1/log_batch.proto");
    const extension = { containingType: "google.protobuf.MethodOptions", extensionNumber: 72295728 };
    assert.equal(filesOf(await ask({ fileContainingExtension: extension }))[0]?.name, "google/api/annotations.proto");
    const numbers = await ask({ allExtensionNumbersOfType: "google.protobuf.MethodOptions" });
    assert.ok(numbers.allExtensionNumbersResponse?.extensionNumber.includes(72295728));
  });

  it.each([
    { fileContainingSymbol: "logpulse.v1.Nope" },
    { fileContainingSymbol: "logpulse.v1.LogBatch.nope" },
    { fileContainingSymbol: "" },
    { fileByFilename: "../../etc/passwd" },
    { fileContainingExtension: { containingType: "logpulse.v1.LogBatch", extensionNumber: 1 } },
    { allExtensionNumbersOfType: "nope" },
  ])("says that it does not know %o", async (question) => {
    const { address } = await server();
    const { ask } = reflectionClient(address, version);
    assert.equal((await ask(question)).errorResponse?.errorCode, 5);
    assert.equal((await ask({ listServices: "" })).errorResponse, undefined, "the stream goes on");
  });
});

describe("reflection", () => {
  it("does not hold up a process that stops", async () => {
    const { address, server: stopping } = await server();
    const { ask } = reflectionClient(address, "v1");
    await ask({ listServices: "" });
    const before = performance.now();
    await stopping.stop();
    assert.ok(performance.now() - before < 5_000);
  });

  it("answers bytes that are no request with an error", async () => {
    const { address } = await server();
    const stream = grpcClient(address).makeBidiStreamRequest(
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      untouched,
      untouched,
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
    stream.write(Buffer.alloc(0));
    assert.equal((await error).code, 12);
  });
});
