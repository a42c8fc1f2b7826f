import type { LoggedBatch, LoggedRecord } from "../../services/domain/logged-batch.ts";
import { type ChangedModule, changed } from "./fresh-parts.ts";

type Decoding = typeof import("../../services/domain/logged-batch.ts");

/** `change`: the records of a batch as the worker gets them, out of what it should get. */
export function decodingChanged(change: (original: Decoding) => (batch: LoggedBatch) => LoggedRecord[]): ChangedModule {
  return changed<Decoding>("domain/logged-batch.ts", (original) => ({
    decodeLoggedBatch(...message) {
      const batch = original.decodeLoggedBatch(...message);
      return { ...batch, records: change(original)(batch) };
    },
  }));
}
