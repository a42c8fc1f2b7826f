import type { TakeSeconds } from "../../ports/metrics.ts";
import type { AnyHandler, ServiceHandlers } from "../../ports/service-handlers.ts";
import { timed } from "./timed-port.ts";

/** The same services, on whatever protocol they are asked; how long each call took, and how it ended, is told. */
export function timedHandlers(services: readonly ServiceHandlers[], take: TakeSeconds): ServiceHandlers[] {
  return services.map(({ service, methods }) => ({
    service,
    methods: methods.map(({ method, handler }) => {
      const labels = { method: `${service.typeName.split(".").at(-1)}/${method.name}` };
      const handle = handler.handle as (...given: unknown[]) => Promise<unknown>;
      const timedHandle = (...given: unknown[]) => timed(() => handle(...given), take, labels);
      return { method, handler: { ...handler, handle: timedHandle } as AnyHandler };
    }),
  }));
}
