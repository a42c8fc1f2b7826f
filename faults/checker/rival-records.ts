import { recordOf } from "../ledger/record-generator.ts";
import type { RivalSend } from "./ledger-summary.ts";
import { contentHash, contentOf } from "./record-content.ts";
import type { StoreName } from "./stored-copy.ts";

/** A record that was sent under the identity of another one that was there before it. */
export interface Rival {
  producer: string;
  seq: number;
  /** `contentHash` of it. */
  hash: number;
  acked: boolean;
  /** Dead letters that have it as their original. */
  letters: Partial<Record<StoreName, number>>;
}

/** Every such record of a run: a store that judges conflicts must have kept each as a dead letter. */
export class RivalRecords {
  private readonly byIdentity = new Map<string, Rival[]>();

  constructor(sends: readonly RivalSend[]) {
    for (const { producer, seq, source, acked } of sends) {
      const hash = contentHash(contentOf(recordOf(source, seq)));
      const identity = `${producer}-${seq}`;
      const rivals = this.byIdentity.get(identity) ?? [];
      this.byIdentity.set(identity, rivals);
      rivals.push({ producer, seq, hash, acked, letters: {} });
    }
  }

  has(identity: string, hash: number): boolean {
    return this.find(identity, hash) !== undefined;
  }

  /** Notes a dead letter. False where its original is no rival of that identity. */
  addLetter(store: StoreName, identity: string, hash: number | undefined): boolean {
    const rival = this.find(identity, hash);
    if (rival) rival.letters[store] = (rival.letters[store] ?? 0) + 1;
    return rival !== undefined;
  }

  *all(): Generator<Rival> {
    for (const rivals of this.byIdentity.values()) yield* rivals;
  }

  private find(identity: string, hash: number | undefined): Rival | undefined {
    return this.byIdentity.get(identity)?.find((rival) => rival.hash === hash);
  }
}
