import { setTimeout as sleep } from "node:timers/promises";
import type { Ledger } from "../ledger/ledger.ts";
import { mixed, SeededRandom } from "../ledger/seeded-random.ts";
import { TcpProxy } from "../nemesis/tcp-proxy.ts";
import { type Behaviours, PLAIN } from "./batch-plan.ts";
import type { BatchSender } from "./batch-sender.ts";
import { LoadClient, type ProducerPart } from "./load-client.ts";
import { Pace } from "./pace.ts";
import { serverHasStream } from "./server-has-stream.ts";
import { StreamSender } from "./stream-sender.ts";
import { UploadSender } from "./upload-sender.ts";
import { WriteSender } from "./write-sender.ts";

const DAY_MS = 86_400_000;
const CUT_EVERY_MS = { min: 200, max: 1_500 };
const BRANCHES_PER_STAGE = 10_000; // Sequences of chance that one load may use.

/** What is sent, and how. */
export interface LoadSettings {
  /** host:port of the door. */
  address: string;
  /** Distinct records, over all clients. */
  records: number;
  /** Of distinct records: keep it below what the stores can take, or the end of the run waits for them. */
  perSecond: number;
  behaviours?: Behaviours;
  /** Clients' connections are cut every second or so. */
  cuts?: boolean;
  /** Clients come in pairs of one producer, and both send all of its records. */
  sharedProducers?: boolean;
  clients?: number;
  /** Tells several loads of one ledger apart, from 0 on. */
  stage?: number;
}

/** Several clients that send for as long as it takes until all records are acknowledged, and write all of it down. */
export class Load {
  readonly total: number;
  /** When batches were acknowledged: performance.now(), ascending. */
  readonly ackTimes: number[] = [];
  private readonly settings: LoadSettings;
  private readonly ledger: Ledger;
  private readonly random: SeededRandom;
  private readonly waiting: (() => void)[] = [];
  private clients: LoadClient[] = [];
  private ackedCount = 0;
  private finishing = false;
  private over = false;

  constructor(settings: LoadSettings, ledger: Ledger) {
    this.settings = settings;
    this.ledger = ledger;
    this.random = this.chance(1);
    this.total = settings.records;
  }

  /** Distinct records that are acknowledged; of a shared producer's, half of them for each of its clients. */
  get acked(): number {
    return Math.floor(this.ackedCount / (this.settings.sharedProducers ? 2 : 1));
  }

  /** Resolves when the next batch is being sent, or nothing more will be. */
  async nextSend(): Promise<void> {
    if (!this.over) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** True once `run` has come to its end. */
  get isOver(): boolean {
    return this.over;
  }

  /**
   * Resolves when every record is acknowledged.
   *
   * @throws ContractBroken where a server said what it may not say.
   * @throws Error where `msMax` was not enough.
   */
  async run(msMax: number): Promise<void> {
    const proxy = this.settings.cuts ? await TcpProxy.listen(portOf(this.settings.address)) : undefined;
    const address = proxy ? `127.0.0.1:${proxy.port}` : this.settings.address;
    const hasStream = await serverHasStream(this.settings.address);
    this.clients = this.producersOfClients().map((producers, index) =>
      this.client(address, index, hasStream, producers),
    );
    if (this.finishing) this.finish(); // It was called before there were clients.
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.stop();
    }, msMax);
    const cutting = proxy && this.cutUntilOver(proxy);
    try {
      await Promise.all(this.clients.map((client) => client.run()));
    } finally {
      clearTimeout(timer);
      this.over = true;
      this.sending();
      this.stop();
      await cutting;
      await proxy?.close();
    }
    if (late) throw new Error(`${this.acked} of ${this.total} records were acknowledged within ${msMax} ms`);
  }

  /** Sends no further batch: `run` resolves when what was sent is acknowledged. */
  finish(): void {
    this.finishing = true;
    for (const client of this.clients) client.finish();
  }

  /** What is under way ends; nothing more is sent. */
  stop(): void {
    for (const client of this.clients) client.stop();
  }

  private client(address: string, index: number, hasStream: boolean, producers: ProducerPart[]): LoadClient {
    return new LoadClient({
      sender: senderOf(index, address, hasStream),
      ledger: this.ledger,
      pace: new Pace(this.settings.perSecond / this.clientCount),
      random: this.chance(100 + index),
      behaviours: this.settings.behaviours ?? PLAIN,
      producers,
      onSend: () => this.sending(),
      onAck: (newRecords) => {
        this.ackedCount += newRecords;
        this.ackTimes.push(performance.now());
      },
    });
  }

  private sending(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private get clientCount(): number {
    return this.settings.clients ?? 6;
  }

  /** Two producers for each client or pair of clients, one after the other, the first of some of them from days ago. */
  private producersOfClients(): ProducerPart[][] {
    const { records, sharedProducers } = this.settings;
    const owners = sharedProducers ? Math.ceil(this.clientCount / 2) : this.clientCount;
    const share = Math.floor(records / owners);
    const ofOwner = Array.from({ length: owners }, (_, owner) => {
      const own = owner === 0 ? records - share * (owners - 1) : share;
      const first = Math.floor(own / 2);
      return [this.producer(2 * owner, first), this.producer(2 * owner + 1, own - first)];
    });
    const perOwner = Math.ceil(this.clientCount / owners);
    return Array.from({ length: this.clientCount }, (_, index) => ofOwner[Math.floor(index / perOwner)]!);
  }

  private producer(number: number, records: number): ProducerPart {
    const daysAgo = number % 4 === 2 ? 2 : 0;
    const producer = uuidV7(Date.now() - daysAgo * DAY_MS, this.random.bytes(10));
    return {
      producer,
      source: this.ledger.producer(producer, mixed(this.ledger.seed, this.branch(1_000 + number))),
      records,
    };
  }

  private chance(branch: number): SeededRandom {
    return new SeededRandom(this.ledger.seed, this.branch(branch));
  }

  private branch(number: number): number {
    return number + BRANCHES_PER_STAGE * (this.settings.stage ?? 0);
  }

  private async cutUntilOver(proxy: TcpProxy): Promise<void> {
    const random = this.chance(2);
    while (!this.over) {
      await sleep(random.between(CUT_EVERY_MS.min, CUT_EVERY_MS.max));
      if (!this.over) proxy.cut();
    }
  }
}

function senderOf(index: number, address: string, hasStream: boolean): BatchSender {
  if (index % 3 === 0) return new WriteSender(address);
  return index % 3 === 1 || !hasStream ? new UploadSender(address) : new StreamSender(address);
}

function portOf(address: string): number {
  return Number(address.split(":").at(-1));
}

/** RFC 9562 §5.7, as 32 hexadecimal digits. `random`: 10 bytes. */
export function uuidV7(timeMs: number, random: Uint8Array): string {
  const rest = Buffer.from(random);
  rest[0] = (rest[0]! & 0x0f) | 0x70;
  rest[2] = (rest[2]! & 0x3f) | 0x80;
  return timeMs.toString(16).padStart(12, "0") + rest.toString("hex");
}
