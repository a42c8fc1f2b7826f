import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { QueryService, type TailLogsResponse } from "../gen/logpulse/v1/query_service_pb.ts";

const CONNECT_AGAIN_MS = 50;

/**
 * A tail whose connection is cut off again and again, and which goes on behind what it has seen: what a client does whose
 * network is bad. It writes down what it was shown.
 */
export class CutTail {
  /** `<producer>-<seq>` in the order in which they came, each as often as it came. */
  readonly shown: string[] = [];
  /** Ranges that the server said it left out. */
  readonly lagged: string[] = [];
  /** Repeats that the server said it removed, over all connections. */
  repeatsRemoved = 0;
  cuts = 0;
  private cursor = "";
  private repeatsOfConnection = 0;
  private readonly stopped = new AbortController();
  private readonly address: string;
  private readonly query: string;
  private readonly connectionMs: () => number;
  private running: Promise<void> = Promise.resolve();

  /** `connectionMs`: how long the next connection is left alone. */
  constructor(address: string, connectionMs: () => number, query = "") {
    this.address = address;
    this.connectionMs = connectionMs;
    this.query = query;
  }

  /** Repeats that the server said it removed on this connection. */
  get repeats(): number {
    return this.repeatsOfConnection;
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const cut = AbortSignal.timeout(Math.round(this.connectionMs()));
      try {
        await this.follow(AbortSignal.any([cut, this.stopped.signal]));
      } catch (reason) {
        if (!cut.aborted && !this.stopped.signal.aborted) await pause();
        if (String(reason).includes("invalid_argument")) throw reason;
      }
      this.cuts++;
      this.repeatsRemoved += this.repeatsOfConnection;
      this.repeatsOfConnection = 0;
    }
  }

  /** One connection, from its beginning to its end. */
  private async follow(signal: AbortSignal): Promise<void> {
    const transport = createGrpcTransport({ baseUrl: `http://${this.address}` });
    const client = createClient(QueryService, transport);
    const from = this.cursor === "" ? { history: { seconds: 3_600n } } : { cursor: this.cursor };
    for await (const answer of client.tailLogs({ query: this.query, ...from }, { signal })) this.take(answer);
  }

  private take({ event, cursor }: TailLogsResponse): void {
    if (event.case === "records") this.shown.push(...event.value.logs.map(({ id }) => id));
    if (event.case === "lagged") this.lagged.push(JSON.stringify(event.value.reason));
    if (event.case === "heartbeat" || event.case === "end") this.repeatsOfConnection = event.value.repeats;
    this.cursor = cursor;
  }
}

/** What is wrong with what a tail has shown: nothing, where all is well. */
export function wrongWithTail(
  shown: readonly string[],
  acknowledged: readonly string[],
  sentTwice: ReadonlySet<string>,
): string[] {
  const wrong: string[] = [];
  const seen = new Set<string>();
  const lastSeq = new Map<string, number>();
  for (const id of shown) {
    if (seen.has(id)) {
      if (!sentTwice.has(id)) wrong.push(`${id} was shown again, and nobody sent it twice`);
      continue;
    }
    seen.add(id);
    const [producer, seq] = [id.slice(0, 32), Number(id.slice(33))];
    // A producer's records stand in one partition, in the order in which they were sent.
    if (seq < (lastSeq.get(producer) ?? -1)) wrong.push(`${id} was shown behind ${lastSeq.get(producer)}`);
    lastSeq.set(producer, seq);
  }
  const sent = new Set(acknowledged);
  for (const id of sent) if (!seen.has(id)) wrong.push(`${id} was acknowledged and never shown`);
  for (const id of seen) if (!sent.has(id)) wrong.push(`${id} was shown and never acknowledged`);
  return wrong;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, CONNECT_AGAIN_MS));
}
