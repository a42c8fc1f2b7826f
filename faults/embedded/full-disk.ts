import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { readLedger } from "../ledger/read-ledger.ts";
import { SeededRandom } from "../ledger/seeded-random.ts";
import type { Load } from "../load/load.ts";
import type { FaultResult } from "../scene/run-fault.ts";
import type { EmbeddedFault, EmbeddedSettings } from "./embedded-fault.ts";
import { EmbeddedSite } from "./embedded-site.ts";
import { FaultAccount } from "./fault-account.ts";
import { RestProbe } from "./rest-probe.ts";
import { SmallDisk } from "./small-disk.ts";

const MIB = 2 ** 20;
const DISK_MIB_LEAST = 256;
const DISK_MIB_PER_ROUND = 40; // What a round's records take, in log, store and their WALs.
const PER_SECOND = 2_000;
const RECORDS_PER_ROUND_MAX = 100_000; // More than a round can take: the load never ends by itself.
const LOAD_MS_MAX = 600_000;
const REFUSED_MS_MAX = 15_000;
const TAKEN_AGAIN_MS_MAX = 30_000;
const BEHAVIOURS = { duplicates: 0.1, overlaps: 0.1, shuffledOver: 4, conflicts: 0.1 };

/** Left free: with some room the process keeps its distance by itself; with none SQLite's own writes fail. */
const BYTES_LEFT = [0, 24 * MIB, 0, 2 * MIB];

/** A disk without room. */
export const embeddedFullDisk: EmbeddedFault = {
  name: "embedded-full-disk",
  summary:
    "the disk is filled under load, to its last byte or nearly; what is refused is refused before it is acknowledged, reads go on, and with room everything goes on without a restart",
  roundsUsual: 8,
  async run(settings) {
    const disk = SmallDisk.mount(DISK_MIB_LEAST + settings.rounds * DISK_MIB_PER_ROUND);
    const account = new FaultAccount(embeddedFullDisk, settings);
    try {
      const folder = join(disk.folder, "data");
      const site = await EmbeddedSite.open({ name: embeddedFullDisk.name, seed: settings.seed, folder });
      try {
        account.watch(site);
        return await new Scene(site, disk, account, settings).run();
      } finally {
        await site.close();
      }
    } finally {
      disk.unmount();
    }
  },
};

class Scene {
  private readonly site: EmbeddedSite;
  private readonly disk: SmallDisk;
  private readonly account: FaultAccount;
  private readonly settings: EmbeddedSettings;
  private readonly random: SeededRandom;
  private readonly probe: RestProbe;
  /** When there was room again. */
  private readonly roomAt: number[] = [];
  private readonly counts = { fills: 0, refusedWrites: 0, readsWhileFull: 0 };

  constructor(site: EmbeddedSite, disk: SmallDisk, account: FaultAccount, settings: EmbeddedSettings) {
    this.site = site;
    this.disk = disk;
    this.account = account;
    this.settings = settings;
    this.random = new SeededRandom(settings.seed, 4);
    this.probe = new RestProbe(site.process.address, site.ledger);
  }

  async run(): Promise<FaultResult> {
    await this.site.start();
    await this.writeUntil((code) => code === 200, TAKEN_AGAIN_MS_MAX, "taken at first");
    await this.site.settled();
    const { rounds, perSecond = PER_SECOND } = this.settings;
    const records = rounds * RECORDS_PER_ROUND_MAX;
    const load = this.site.load({ records, perSecond, behaviours: BEHAVIOURS });
    const loading = load.run(LOAD_MS_MAX);
    loading.catch(() => undefined); // It is awaited in the end, unless something else fails first.
    try {
      for (let round = 0; round < rounds && this.account.isGood; round++) {
        await this.fillOnce(load, BYTES_LEFT[round % BYTES_LEFT.length]!);
      }
    } finally {
      this.disk.release();
      load.finish();
    }
    await loading;
    this.account.loaded(load, this.roomAt);
    await this.judgeAnswers();
    Object.assign(this.account.notes, this.counts);
    this.account.finish(await this.account.settledAndChecked(this.site));
    return this.account.result();
  }

  private async fillOnce(load: Load, bytesLeft: number): Promise<void> {
    await sleep(this.random.between(500, 2_000));
    this.settings.tell(`${load.acked} acknowledged; filling the disk but for ${bytesLeft / MIB} MiB`);
    this.disk.fill(bytesLeft);
    this.counts.fills++;
    const refusal = await this.writeUntil((code) => code !== 200, REFUSED_MS_MAX, "refused on a full disk");
    this.settings.tell(`answered ${refusal.status}: ${refusal.body}`);
    if (refusal.status !== 503 || !refusal.body.includes("message")) {
      this.account.problems.push(`on a full disk a write was answered ${refusal.status}: ${refusal.body}`);
    }
    const untilMs = performance.now() + this.random.between(500, 2_500);
    while (performance.now() < untilMs) {
      this.disk.fill(bytesLeft); // What is trimmed or checkpointed gives room back.
      await this.readAll();
    }
    this.disk.release();
    this.roomAt.push(performance.now());
    await this.writeUntil((code) => code === 200, TAKEN_AGAIN_MS_MAX, "taken with room again");
  }

  private async readAll(): Promise<void> {
    const paths = ["/logs/search?q=request", "/logs?limit=10", "/stats?type=traffic&range=day"];
    const answers = [await this.probe.getFirst(), ...(await Promise.all(paths.map((path) => this.probe.ask(path))))];
    for (const [index, { status: code, body }] of answers.entries()) {
      this.counts.readsWhileFull++;
      if (code !== 200)
        this.account.problems.push(`on a full disk ${paths[index - 1] ?? "an id"} was answered ${code}: ${body}`);
    }
    await sleep(50);
  }

  private async writeUntil(wanted: (code: number) => boolean, msMax: number, what: string) {
    for (const endMs = performance.now() + msMax; ; await sleep(50)) {
      const answer = await this.probe.write();
      if (wanted(answer.status)) return answer;
      if (performance.now() > endMs) throw new Error(`not ${what} within ${msMax} ms: ${answer.status} ${answer.body}`);
    }
  }

  /** A refusal must say that trying again is of use, and nothing else. */
  private async judgeAnswers(): Promise<void> {
    const codes: Record<string, number> = {};
    for await (const entry of readLedger(this.site.ledger.file)) {
      if (entry.is !== "answer" || entry.outcome === "acked") continue;
      this.counts.refusedWrites++;
      codes[String(entry.code)] = (codes[String(entry.code)] ?? 0) + 1;
    }
    for (const [code, count] of Object.entries(codes)) {
      if (Number(code) !== status.UNAVAILABLE && Number(code) !== 503)
        this.account.problems.push(`${count} writes were answered with code ${code}`);
    }
  }
}
