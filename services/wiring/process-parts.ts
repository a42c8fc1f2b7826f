import type { ServiceHandlers } from "../ports/service-handlers.ts";
import type { ReadinessCheck } from "../runtime/readiness.ts";
import type { Part } from "../runtime/shutdown.ts";

/** What the wiring of a mode or role gives to `main.ts`, which puts the server behind the parts: it stops first. */
export interface ProcessParts {
  /** In the order in which they start; stopped in reverse. */
  parts: Part[];
  /** Mounted on the one port. */
  services: ServiceHandlers[];
  /** What the services need, for health and /readyz. */
  checks: ReadinessCheck[];
}

/** Ends the process, in order, for a reason that no waiting will mend. */
export type Fail = (reason: Error) => void;

/** All of them as one, in their order. */
export function joinedParts(all: readonly ProcessParts[]): ProcessParts {
  return {
    parts: all.flatMap(({ parts }) => parts),
    services: all.flatMap(({ services }) => services),
    checks: all.flatMap(({ checks }) => checks),
  };
}

/** Something that is only closed at the end. */
export function closedAtTheEnd(name: string, thing: { close(): Promise<void> }): Part {
  return { name, start: async () => {}, stop: () => thing.close() };
}
