import { join } from "node:path";
import { startRedis } from "../../stack/redis.ts";
import type { RunningServer } from "../../stack/server-process.ts";
import type { Installation } from "../installations/installation.ts";
import { type InstallationName, startInstallation } from "../installations/start.ts";
import type { FairnessLoad, FairnessLoadResult } from "../load/fairness-load.ts";
import { runScript } from "../measure/child.ts";
import { allOf, type Identities, type Ledger, ledgerOf, requireKeptOnce } from "../measure/identities.ts";
import { type Used, watched } from "../measure/watched.ts";

const LOAD = join(import.meta.dirname, "..", "load", "fairness-load.ts");

export const HONEST_CLIENTS = 63;
export const HONEST_SHARE = 0.8; // Of their limit.

/** What is sent to all contenders of a run. */
export interface FairnessOptions {
  mode: InstallationName;
  recordsPerCall: number;
  /** Records a second that each client may send. */
  limit: number;
  seconds: number;
  warmUpSeconds: number;
  seed: number;
}

const FIRST_HOST = 2; // 127.0.0.1 is everybody's, and a trusted proxy.

type Told = Omit<FairnessLoadResult, "acknowledged">;

/**
 * What became of the honest clients, and of the greedy one where there was one, which sends from a process of its own; and
 * what the installation used meanwhile.
 */
export interface Round extends Used {
  honest: Told;
  greedy?: Told;
}

/** An installation with a Redis of its own, to which 63 clients send, and one more where told. */
export class Contender {
  readonly name: string;
  private readonly options: FairnessOptions;
  private readonly installation: Installation;
  private readonly stopAll: () => Promise<void>;
  private readonly acknowledged: Identities[] = [];

  /** `settings`: variables as services/config.ts knows them. */
  static async start(name: string, options: FairnessOptions, settings: Record<string, string>): Promise<Contender> {
    const redis = await startRedis();
    try {
      // The full mode has a Redis of its own.
      const own: Record<string, string> = options.mode === "full" ? {} : { REDIS_URL: redis.url };
      return new Contender(name, options, await startInstallation(options.mode, { ...settings, ...own }), redis);
    } catch (reason) {
      await redis.remove();
      throw reason;
    }
  }

  private constructor(
    name: string,
    options: FairnessOptions,
    { installation, stop }: Awaited<ReturnType<typeof startInstallation>>,
    redis: Pick<RunningServer, "remove">,
  ) {
    this.name = name;
    this.options = options;
    this.installation = installation;
    this.stopAll = () => stop().finally(() => redis.remove());
  }

  /** The honest clients alone, at other moments than those of the rounds. */
  async warmUp(): Promise<void> {
    const { warmUpSeconds, seed } = this.options;
    if (warmUpSeconds > 0) await this.run(warmUpSeconds, 0, seed + 1);
  }

  /** `greedyTimes`: how many times its limit one more client sends; 0: there is none. */
  round(greedyTimes: number): Promise<Round> {
    const { seconds, seed } = this.options;
    return this.run(seconds, greedyTimes, seed);
  }

  /** Everything acknowledged so far. @throws Error where a record of it is missing, or kept twice. */
  async kept(): Promise<Ledger> {
    return requireKeptOnce(ledgerOf(allOf(this.acknowledged), await this.installation.kept()));
  }

  async stop(): Promise<void> {
    await this.stopAll();
  }

  private async run(seconds: number, greedyTimes: number, seed: number): Promise<Round> {
    const { limit, recordsPerCall } = this.options;
    const load = (clients: number, firstHost: number, times: number): FairnessLoad => ({
      address: this.installation.address,
      clients,
      firstHost,
      callsPerSecond: (times * limit) / recordsPerCall,
      recordsPerCall,
      seconds,
      seed,
    });
    const sending = [this.send(load(HONEST_CLIENTS, FIRST_HOST, HONEST_SHARE))];
    if (greedyTimes > 0) sending.push(this.send(load(1, FIRST_HOST + HONEST_CLIENTS, greedyTimes)));
    const { result, ...used } = await watched(this.installation, () => Promise.all(sending));
    const [honest, greedy] = result;
    await this.installation.settle();
    return { honest: honest!, greedy, ...used };
  }

  private async send(load: FairnessLoad): Promise<Told> {
    const { acknowledged, ...told } = await runScript<FairnessLoadResult>(LOAD, load);
    this.acknowledged.push(acknowledged);
    return told;
  }
}
