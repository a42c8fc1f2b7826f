import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DescMethod } from "@bufbuild/protobuf";
import { describe, it } from "vitest";
import { parse } from "yaml";
import { AdminService } from "../../../gen/logpulse/v1/admin_service_pb.ts";
import { IngestService } from "../../../gen/logpulse/v1/ingest_service_pb.ts";
import { QueryService } from "../../../gen/logpulse/v1/query_service_pb.ts";
import { StatsService } from "../../../gen/logpulse/v1/stats_service_pb.ts";
import { successStatus } from "./success-status.ts";

const ENVOY = join(import.meta.dirname, "..", "..", "..", "envoy", "envoy.yaml");

describe("successStatus", () => {
  it("is 201 for the same calls as in envoy.yaml", () => {
    const methods = [IngestService, QueryService, StatsService, AdminService].flatMap(
      ({ methods }): DescMethod[] => methods,
    );
    const created = methods.filter((method) => successStatus(method) === 201);
    assert.deepEqual(
      created.map(({ parent, name }) => `/${parent.typeName}/${name}`),
      pathsOf(parse(readFileSync(ENVOY, "utf8"))),
    );
    assert.deepEqual(new Set(methods.map(successStatus)), new Set([200, 201]));
  });
});

/** The paths of the routes whose script answers 201, wherever they stand in the configuration. */
function pathsOf(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  const { match, typed_per_filter_config: filters } = part as {
    match?: { path?: string };
    typed_per_filter_config?: unknown;
  };
  if (match?.path && JSON.stringify(filters ?? "").includes('\\":status\\", \\"201\\"')) return [match.path];
  return Object.values(part).flatMap(pathsOf);
}
