import { randomBytes } from "node:crypto";
import type { GenerateSettings } from "./generate-settings.ts";
import { grpcWrite } from "./grpc-target.ts";
import type { LoadTarget } from "./load-target.ts";
import { BatchSource } from "./record-source.ts";
import { linesUpload, restWrite } from "./rest-targets.ts";
import { SeededRandom } from "./seeded-random.ts";

/** What the settings say to send, and how. `timeoutMs`: of one try. */
export function makeTarget(settings: GenerateSettings, seed: number, timeoutMs: number): LoadTarget {
  const { kind, via, shares, target } = settings;
  const random = new SeededRandom(seed);
  if (via === "rest" && kind === "access") return linesUpload(target, timeoutMs, random, shares) as LoadTarget;
  const source = new BatchSource(kind, random, shares, randomBytes);
  if (via === "rest") return restWrite(target, timeoutMs, source) as LoadTarget;
  return grpcWrite(target.host, timeoutMs, source) as LoadTarget;
}
