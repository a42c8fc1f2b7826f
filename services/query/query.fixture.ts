import { create, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { QueryService } from "../../gen/logpulse/v1/query_service_pb.ts";
import { MemoryCache } from "../adapters/memory/cache.ts";
import { MemoryLogAggregates } from "../adapters/memory/log-aggregates.ts";
import { MemoryLogSearch } from "../adapters/memory/log-search.ts";
import { MemoryStore } from "../adapters/memory/memory-store.ts";
import type { LogPulseError } from "../domain/errors.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "../ports/build-logged-batch.ts";
import { noDeadLetters } from "../ports/contract-batches.ts";
import type { LogLookup } from "../ports/log-lookup.ts";
import type { LogSearch } from "../ports/log-search.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { type QueryParts, queryService } from "./query-handlers.ts";

export const NOW_MS = Date.UTC(2026, 10, 21, 13);
export const START = BigInt(NOW_MS) * 1_000_000n;
const { signal } = new AbortController();
export const context: CallContext = { tenant: "default", client: "10.0.0.1", signal, stopping: signal };
export const producer = newProducer(NOW_MS);

/** Counts how often the store is asked. */
class CountingLookup implements LogLookup {
  asked = 0;
  private readonly store: MemoryStore;
  constructor(store: MemoryStore) {
    this.store = store;
  }
  async get(...[tenant, identity]: Parameters<LogLookup["get"]>) {
    this.asked++;
    return this.store.get(tenant, identity);
  }
  around(...[tenant, identity, before, after]: Parameters<LogLookup["around"]>) {
    return this.store.around(tenant, identity, before, after);
  }
  async check() {}
}

type Methods = typeof QueryService.method;
type Unary = { [Name in keyof Methods]: Methods[Name]["methodKind"] extends "unary" ? Name : never }[keyof Methods];
type Streaming = Exclude<keyof Methods, Unary>;
type Request<Name extends keyof Methods> = MessageInitShape<Methods[Name]["input"]>;

/** The query role over the memory store, which has these records of `producer`. */
export async function queryRole(
  records: readonly RecordToBuild[],
  { tenant = "default", search }: { tenant?: string; search?: (real: LogSearch) => LogSearch } = {},
) {
  const store = new MemoryStore();
  const add = (more: readonly RecordToBuild[], firstSeq = 0, of = producer) =>
    store.store([buildLoggedBatch({ tenant, producer: of, firstSeq, records: more })], noDeadLetters, signal);
  await add(records);
  const lookup = new CountingLookup(store);
  let nowMs = NOW_MS + 3_600_000;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => {} };
  const memorySearch = new MemoryLogSearch((of) => store.recordsOf(of));
  const parts: QueryParts = {
    lookup,
    search: search ? search(memorySearch) : memorySearch,
    aggregates: new MemoryLogAggregates((of) => store.recordsOf(of)),
    accessLog: store,
    tails: { tail: () => Promise.reject(new Error("no tails here")) } as unknown as QueryParts["tails"],
    cache: new MemoryCache(clock),
    clock,
    lookupTtlMs: 1_000,
  };
  const { methods } = queryService(parts);
  // biome-ignore lint/suspicious/noExplicitAny: the name says which messages these are.
  const handlerOf = (name: string) => methods.find(({ method }) => method.localName === name)!.handler as any;
  return {
    add,
    lookup,
    passTime: (ms: number) => {
      nowMs += ms;
    },
    /** One unary call. */
    call<Name extends Unary>(name: Name, request: Request<Name>): Promise<MessageShape<Methods[Name]["output"]>> {
      const method = QueryService.method[name] as { input: DescMessage; output: DescMessage };
      const answer = handlerOf(name).handle(create(method.input, request as never), context);
      return answer.then((init: never) => create(method.output, init));
    },
    /** All that a stream sends; `during` is called before each message. */
    async stream<Name extends Streaming>(
      name: Name,
      request: Request<Name>,
      during: (of: CallContext) => void | Promise<void> = () => {},
      callContext = context,
    ): Promise<MessageShape<Methods[Name]["output"]>[]> {
      const method = QueryService.method[name] as { input: DescMessage; output: DescMessage };
      const sent: MessageShape<Methods[Name]["output"]>[] = [];
      const send = async (message: never) => {
        await during(callContext);
        sent.push(create(method.output, message) as never);
      };
      await handlerOf(name).handle(create(method.input, request as never), send, callContext);
      return sent;
    },
  };
}

/** That record, so many nanoseconds after START. */
export function at(nanos: number, record: RecordToBuild): RecordToBuild {
  return { ...record, time: nanosToTimestamp(START + BigInt(nanos)) };
}

/** What the call rejects with. */
export function errorOf(call: Promise<unknown>): Promise<LogPulseError | undefined> {
  return call.then(
    () => undefined,
    (reason: unknown) => reason as LogPulseError,
  );
}
