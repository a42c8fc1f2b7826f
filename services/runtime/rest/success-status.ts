import type { DescMethod } from "@bufbuild/protobuf";
import { IngestService } from "../../../gen/logpulse/v1/ingest_service_pb.ts";

/** Calls whose success is "201 Created", which google.api.http cannot say. envoy.yaml has the same ones. */
const CREATES: readonly DescMethod[] = [IngestService.method.writeLog];

/** The HTTP status of this method's success. */
export function successStatus({ name, parent }: DescMethod): number {
  return CREATES.some((each) => each.name === name && each.parent.typeName === parent.typeName) ? 201 : 200;
}
