import { create, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { StatsService } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { MemoryCache } from "../adapters/memory/cache.ts";
import { MemoryStore } from "../adapters/memory/memory-store.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import type { Clock } from "../ports/clock.ts";
import { noDeadLetters } from "../ports/contract-batches.ts";
import type { LogStats } from "../ports/log-stats.ts";
import { ManualClock } from "../ports/manual-clock.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { statsService } from "./stats-handlers.ts";
import type { StatsParts } from "./stats-parts.ts";

const { signal } = new AbortController();

/** Whoever asks in these tests. */
export const CONTEXT: CallContext = { tenant: "default", client: "10.0.0.1", signal, stopping: signal };

/** Asks a service of those parts, as its callers do. */
export function askerOf(some: Partial<StatsParts> & { stats: LogStats; clock: Clock }) {
  const parts: StatsParts = {
    cache: new MemoryCache(some.clock),
    ttlMs: { hour: 0, day: 0, week: 0 },
    watermark: { read: async () => undefined },
    ...some,
  };
  const { methods } = statsService(parts);
  const ask =
    <I extends DescMessage, O extends DescMessage>({
      input,
      output,
      localName,
    }: {
      input: I;
      output: O;
      localName: string;
    }) =>
    async (request: MessageInitShape<I> = {} as MessageInitShape<I>): Promise<MessageShape<O>> => {
      const { handler } = methods.find(({ method }) => method.localName === localName)!;
      if (handler.kind !== "unary") throw new Error(`${localName} is not unary`);
      const answer = await handler.handle(create(input, request), CONTEXT);
      return create(output, answer as MessageInitShape<O>);
    };
  const { getStats, getLatency, getErrors, getTraffic } = StatsService.method;
  return { stats: ask(getStats), latency: ask(getLatency), errors: ask(getErrors), traffic: ask(getTraffic) };
}

/** The same of a store in memory that holds these batches, at that time. */
export async function askerOver(batches: readonly LoggedBatch[], nowMs: number, some: Partial<StatsParts> = {}) {
  const store = new MemoryStore();
  for (const batch of batches) await store.store([batch], noDeadLetters, signal);
  return askerOf({ stats: store, clock: new ManualClock(nowMs), ...some });
}
