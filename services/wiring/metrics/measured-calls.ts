import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Metrics, TakeSeconds } from "../../ports/metrics.ts";
import type { AnyHandler, CallContext, ServiceHandlers } from "../../ports/service-handlers.ts";
import { CALL_TIMES } from "./metric-times.ts";
import { timed } from "./timed-port.ts";

const FROM_START = ["ok", "bug", "overloaded"]; // Counted from 0, so that the first one is seen as a rise.

/** The same services, on whatever protocol they are asked; how long each call took, and how it ended, is measured. */
export function measuredCalls(services: readonly ServiceHandlers[], metrics: Metrics): ServiceHandlers[] {
  const counts = new Map<string, Map<string, number>>();
  const takeSeconds = metrics.times(CALL_TIMES);
  const take: TakeSeconds = (seconds, { method, outcome }) => {
    takeSeconds(seconds, { method: method! });
    const ofMethod = counts.get(method!)!;
    ofMethod.set(outcome!, (ofMethod.get(outcome!) ?? 0) + 1);
  };
  metrics.add({
    name: "logpulse_calls_total",
    help: "Calls that reached their handler, by how they ended; a stream is one call.",
    kind: "counter",
    labelNames: ["method", "outcome"],
    read: () =>
      [...counts].flatMap(([method, outcomes]) =>
        [...outcomes].map(([outcome, value]) => ({ value, labels: { method, outcome } })),
      ),
  });
  return services.map(({ service, methods }) => ({
    service,
    methods: methods.map(({ method, handler }) => {
      const name = nameOf(service, method);
      counts.set(name, new Map(FROM_START.map((outcome) => [outcome, 0])));
      return { method, handler: measured(handler, name, take) };
    }),
  }));
}

function measured(handler: AnyHandler, method: string, take: TakeSeconds): AnyHandler {
  const handle = handler.handle as (...given: unknown[]) => Promise<unknown>;
  const measuredHandle = (...given: unknown[]) => {
    const { signal } = given.at(-1) as CallContext; // The last argument of every kind of handler.
    return timed(() => handle(...given), take, { method }, signal);
  };
  return { ...handler, handle: measuredHandle } as AnyHandler;
}

/** "IngestService/Write" */
function nameOf({ typeName }: DescService, { name }: DescMethod): string {
  return `${typeName.split(".").at(-1)}/${name}`;
}
