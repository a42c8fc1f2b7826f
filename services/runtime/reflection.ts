import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { status as Code } from "@grpc/grpc-js";
import { LogPulseError } from "../domain/errors.ts";
import type { DescriptorIndex } from "./descriptor-index.ts";
import type { GrpcMethod } from "./grpc-mount.ts";

/** The two names under which clients look; their messages are the same. */
const PATHS = ["v1", "v1alpha"].map((version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);

/**
 * gRPC server reflection: lets grpcurl, ghz and others call the server without .proto files. It answers from the
 * descriptor set as it is, options included. `services`: the full names to list, as far as the set has them.
 *
 * Read and written here on the wire, as health is: see there.
 */
export function reflectionMethods(index: DescriptorIndex, services: Iterable<string>): GrpcMethod[] {
  const listed = [...services].filter((name) => index.hasService(name));
  const serve: GrpcMethod["serve"] = async (call) => {
    for await (const request of call) await call.send(answer(index, listed, request));
  };
  return PATHS.map((path) => ({ path, waitedFor: false, goesOn: true, serve }));
}

/** Field numbers of the request's and the response's `oneof`. */
const FILE_BY_NAME = 3;
const FILE_OF_SYMBOL = 4;
const FILE_OF_EXTENSION = 5;
const EXTENSION_NUMBERS = 6;
const LIST_SERVICES = 7;
const FILES_ANSWER = 4;
const EXTENSION_NUMBERS_ANSWER = 5;
const SERVICES_ANSWER = 6;
const ERROR_ANSWER = 7;

interface Question {
  field: number;
  text: string;
  extension: { message: string; number: number };
}

function answer(index: DescriptorIndex, services: readonly string[], request: Uint8Array): Uint8Array {
  const question = readQuestion(request);
  const writer = new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(request);
  switch (question.field) {
    case FILE_BY_NAME:
      return files(writer, index.fileByName(question.text), `file "${question.text}"`);
    case FILE_OF_SYMBOL:
      return files(writer, index.fileOfSymbol(question.text), `symbol "${question.text}"`);
    case FILE_OF_EXTENSION: {
      const { message, number } = question.extension;
      return files(writer, index.fileOfExtension(message, number), `extension ${number} of "${message}"`);
    }
    case EXTENSION_NUMBERS:
      return extensionNumbers(writer, question.text, index.extensionNumbersOf(question.text));
    case LIST_SERVICES:
      return serviceList(writer, services);
    default:
      return failure(writer, Code.INVALID_ARGUMENT, "the request asks for nothing that is known here");
  }
}

/** The last field of the `oneof` counts, as everywhere in protobuf. */
function readQuestion(bytes: Uint8Array): Question {
  const question: Question = { field: 0, text: "", extension: { message: "", number: 0 } };
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field < FILE_BY_NAME || field > LIST_SERVICES || type !== WireType.LengthDelimited) {
        reader.skip(type, field);
        continue;
      }
      question.field = field;
      if (field === FILE_OF_EXTENSION) question.extension = readExtension(reader.bytes());
      else question.text = reader.string();
    }
  } catch (cause) {
    throw new LogPulseError("invalid_request", "the bytes are no ServerReflectionRequest", { cause });
  }
  return question;
}

function readExtension(bytes: Uint8Array): Question["extension"] {
  const extension = { message: "", number: 0 };
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) extension.message = reader.string();
    else if (field === 2 && type === WireType.Varint) extension.number = reader.int32();
    else reader.skip(type, field);
  }
  return extension;
}

function files(writer: BinaryWriter, found: Uint8Array[] | undefined, what: string): Uint8Array {
  if (found === undefined) return failure(writer, Code.NOT_FOUND, `there is no ${what} here`);
  writer.tag(FILES_ANSWER, WireType.LengthDelimited).fork();
  for (const file of found) writer.tag(1, WireType.LengthDelimited).bytes(file);
  return writer.join().finish();
}

function extensionNumbers(writer: BinaryWriter, message: string, numbers: number[] | undefined): Uint8Array {
  if (numbers === undefined) return failure(writer, Code.NOT_FOUND, `there is no message "${message}" here`);
  writer.tag(EXTENSION_NUMBERS_ANSWER, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(message);
  for (const number of numbers) writer.tag(2, WireType.Varint).int32(number);
  return writer.join().finish();
}

function serviceList(writer: BinaryWriter, services: readonly string[]): Uint8Array {
  writer.tag(SERVICES_ANSWER, WireType.LengthDelimited).fork();
  for (const name of services) {
    writer.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(name).join();
  }
  return writer.join().finish();
}

function failure(writer: BinaryWriter, code: Code, message: string): Uint8Array {
  writer.tag(ERROR_ANSWER, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int32(code).tag(2, WireType.LengthDelimited).string(message);
  return writer.join().finish();
}
