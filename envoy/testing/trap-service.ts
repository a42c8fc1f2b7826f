import { readFileSync } from "node:fs";
import { create, createFileRegistry, type DescService, fromBinary, setExtension, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
  MethodOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import { http } from "../../gen/google/api/annotations_pb.ts";
import { HttpRuleSchema } from "../../gen/google/api/http_pb.ts";
import { DESCRIPTOR_PATH } from "./test-door.ts";

/** The committed descriptor set, decoded. */
export function committedDescriptorSet(): FileDescriptorSet {
  return fromBinary(FileDescriptorSetSchema, readFileSync(DESCRIPTOR_PATH));
}

/**
 * The committed descriptor set with a service beside it whose answer is a stream, `GET /trap:tail`: the contract has none
 * yet, and the trap that waits for it is to be seen already.
 */
export function withTrapService(): { bytes: Uint8Array; service: DescService } {
  const options = create(MethodOptionsSchema);
  setExtension(options, http, create(HttpRuleSchema, { pattern: { case: "get", value: "/trap:tail" } }));
  const set = committedDescriptorSet();
  set.file.push(
    create(FileDescriptorProtoSchema, {
      name: "trap/v1/trap.proto",
      package: "trap.v1",
      syntax: "proto3",
      dependency: ["logpulse/v1/query_service.proto"],
      service: [
        {
          name: "TrapService",
          method: [
            {
              name: "Tail",
              inputType: ".logpulse.v1.PingRequest",
              outputType: ".logpulse.v1.PingResponse",
              serverStreaming: true,
              options,
            },
          ],
        },
      ],
    }),
  );
  const service = createFileRegistry(set).getService("trap.v1.TrapService")!;
  return { bytes: toBinary(FileDescriptorSetSchema, set), service };
}
