import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createFileRegistry, type DescMethod, fromBinary, getOption } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { http } from "../../gen/google/api/annotations_pb.ts";
import { ROOT } from "./compose-file.ts";

/** One REST route of the contract: a google.api.http rule or one of its additional bindings. */
export interface HttpRoute {
  rpc: DescMethod;
  method: string;
  /** Like "/logs/{id}". */
  path: string;
  /** The field that the body is; "*" for the whole request; empty for none. */
  body: string;
}

/** Reads the routes of all services of the committed descriptor set, the file that Envoy transcodes by. */
export function contractRoutes(): HttpRoute[] {
  const set = fromBinary(FileDescriptorSetSchema, readFileSync(join(ROOT, "gen/logpulse.binpb")));
  const files = [...createFileRegistry(set).files].filter((file) => file.proto.package.startsWith("logpulse."));
  const rpcs = files.flatMap((file) => file.services).flatMap((service) => service.methods);
  return rpcs.flatMap((rpc) => {
    const rule = getOption(rpc, http);
    return [rule, ...rule.additionalBindings].flatMap(({ pattern, body }) =>
      pattern.case === undefined || pattern.case === "custom"
        ? []
        : [{ rpc, method: pattern.case.toUpperCase(), path: pattern.value, body }],
    );
  });
}

/** Whether a path (without query) is one of the route; a variable is one segment. */
export function matches(route: HttpRoute, method: string, path: string): boolean {
  const literal = (text: string) => text.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
  const pattern = route.path
    .split(/\{\w+\}/)
    .map(literal)
    .join("[^/]+");
  return route.method === method && new RegExp(`^${pattern}$`).test(path);
}
