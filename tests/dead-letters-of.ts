import { randomBytes } from "node:crypto";
import { KafkaEventLog } from "../services/adapters/kafka/event-log.ts";
import { KafkaProducer } from "../services/adapters/kafka/producer.ts";
import { eventually } from "./eventually.ts";
import type { FullMode } from "./full-mode.ts";
import type { RealServers } from "./real-servers.ts";

/** A letter as REST lists it. */
export interface RestLetter {
  key: string;
  state: string;
  changedTime?: string;
  letter: {
    store: string;
    tenant: string;
    id: string;
    reason: string;
    detail: string;
    original: string;
    offset: string;
  };
  originalBytes: string;
  record?: { message: string };
}

/** The answer to a replay by REST; counts are text, as 64-bit numbers are in JSON. */
export interface RestReplay {
  matched: string;
  tried: string;
  stored: string;
  alreadyStored: string;
  expired: string;
  refused: string;
  refusals: { id: string; reason: string; detail: string }[];
  nextPageToken: string;
}

/** The dead letters of an installation, as people see them by REST. */
export class DeadLettersOf {
  private readonly full: Pick<FullMode, "url">;

  constructor(full: Pick<FullMode, "url">) {
    this.full = full;
  }

  /** `query`: like "filter.store=mysql&pageSize=5". */
  async list(query: string): Promise<{ letters: RestLetter[]; total: string; nextPageToken: string }> {
    const answer = await fetch(`${this.full.url}/v1/deadLetters?${query}`);
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { letters: RestLetter[]; total: string; nextPageToken: string };
  }

  /** Waits until so many letters meet the query. */
  async listed(query: string, letters: number): Promise<RestLetter[]> {
    const found = await eventually(
      () => this.list(query),
      ({ total }) => total === String(letters),
    );
    return found.letters;
  }

  async replay(filter: Record<string, string>, dryRun = false): Promise<RestReplay> {
    const body = JSON.stringify({ filter, dryRun });
    const answer = await fetch(`${this.full.url}/v1/deadLetters:replay`, { method: "POST", body });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return (await answer.json()) as RestReplay;
  }
}

/** The topics of an installation, for those who write to them past ingest and past its workers. */
export function topicsOf({ kafkaBrokers }: RealServers, { names: { topicPrefix } }: FullMode) {
  const connection = { brokers: kafkaBrokers, clientId: `test-${randomBytes(4).toString("hex")}` };
  const batches = new KafkaEventLog({ ...connection, topic: `${topicPrefix}-batches`, partitions: 3 });
  const producer = new KafkaProducer(connection);
  return {
    batches,
    /** Each under a key of its own, without which a compacted topic takes nothing. */
    async keepDeadLetters(values: readonly Uint8Array[]): Promise<void> {
      const messages = values.map((value) => ({ key: randomBytes(8), value: Buffer.from(value) }));
      await producer.send(`${topicPrefix}-dead-letters`, 0, messages);
    },
    async close(): Promise<void> {
      await Promise.all([batches.close(), producer.close()]);
    },
  };
}
