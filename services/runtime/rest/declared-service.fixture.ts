import {
  create,
  createFileRegistry,
  type DescService,
  fromJson,
  type JsonObject,
  setExtension,
} from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_duration,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  FieldDescriptorProto_Label as Label,
  MethodOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { http } from "../../../gen/google/api/annotations_pb.ts";
import { HttpRuleSchema } from "../../../gen/google/api/http_pb.ts";

/** A method of a service that is declared in a test. */
export interface DeclaredMethod {
  name: string;
  /** google.api.HttpRule as JSON. */
  rule?: JsonObject;
  clientStreaming?: boolean;
  serverStreaming?: boolean;
}

const WELL_KNOWN = [
  file_google_protobuf_duration,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
];

/** Name, type (a scalar's, or the name of a message or enum), and whether there are many. */
const FIELDS: [name: string, type: keyof typeof Type | string, isList?: true][] = [
  ["text", "STRING"],
  ["count", "INT32"],
  ["size", "UINT32"],
  ["offset", "SINT64"],
  ["total", "FIXED64"],
  ["share", "DOUBLE"],
  ["is_on", "BOOL"],
  ["raw", "BYTES"],
  ["kind", ".test.v1.Kind"],
  ["texts", "STRING", true],
  ["counts", "INT32", true],
  ["inner", ".test.v1.Inner"],
  ["inners", ".test.v1.Inner", true],
  ["at", ".google.protobuf.Timestamp"],
  ["took", ".google.protobuf.Duration"],
  ["mask", ".google.protobuf.FieldMask"],
  ["more", ".google.protobuf.Struct"],
];

const INNER: typeof FIELDS = [
  ["text", "STRING"],
  ["at", ".google.protobuf.Timestamp"],
  ["deeper", ".test.v1.Inner"],
];

/**
 * A service whose methods take and give test.v1.Thing, a message with a field of every kind that a request of the
 * contract may have one day.
 */
export function declareService(methods: readonly DeclaredMethod[]): DescService {
  const file = create(FileDescriptorProtoSchema, {
    name: "test/v1/test.proto",
    package: "test.v1",
    syntax: "proto3",
    dependency: WELL_KNOWN.map(({ proto }) => proto.name),
    enumType: [
      {
        name: "Kind",
        value: [{ name: "KIND_UNSPECIFIED" }, { name: "KIND_GOOD", number: 1 }, { name: "KIND_BAD", number: -7 }],
      },
    ],
    messageType: [
      { name: "Thing", field: FIELDS.map(declaredField) },
      { name: "Inner", field: INNER.map(declaredField) },
    ],
    service: [{ name: "TestService", method: methods.map(declaredMethod) }],
  });
  const set = create(FileDescriptorSetSchema, { file: [...WELL_KNOWN.map(({ proto }) => proto), file] });
  return createFileRegistry(set).getService("test.v1.TestService")!;
}

function declaredField([name, type, isList]: (typeof FIELDS)[number], index: number) {
  const label = isList ? Label.REPEATED : Label.OPTIONAL;
  const jsonName = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()); // As compilers write it down.
  const known = { name, jsonName, number: index + 1, label };
  if (!type.startsWith(".")) return { ...known, type: Type[type as keyof typeof Type] };
  return { ...known, typeName: type, type: type.endsWith("Kind") ? Type.ENUM : Type.MESSAGE };
}

function declaredMethod({ name, rule, clientStreaming = false, serverStreaming = false }: DeclaredMethod) {
  const options = create(MethodOptionsSchema);
  if (rule) setExtension(options, http, fromJson(HttpRuleSchema, rule));
  const [inputType, outputType] = [".test.v1.Thing", ".test.v1.Thing"];
  return { name, inputType, outputType, clientStreaming, serverStreaming, options };
}
