import type { Client } from "@elastic/elasticsearch";
import { LogPulseError } from "../../domain/errors.ts";
import { STORE_WRITE_MS_MAX } from "../../domain/limits.ts";
import { type ElasticsearchRequest, send } from "./connection.ts";
import { isBlocked, isReadOnly, isRefused, toStoreError } from "./errors.ts";
import { indexPatterns, LATER_FIELDS } from "./index-template.ts";

/** Closed ones too: they may be opened again. */
const INDICES = { expand_wildcards: "open,closed" };

/**
 * Gives the indices of earlier versions the fields that came later: a template reaches only those that are made after it.
 * Their documents stay as they are, without these fields. Safe to call from several processes at once.
 *
 * @throws LogPulseError `store_unavailable`; where an index has other fields than ours, it names one, and all others have
 *   the fields then.
 */
export async function addLaterFields(client: Client, prefix: string, signal: AbortSignal): Promise<void> {
  try {
    return await putFields(client, indexPatterns(prefix).join(","), signal);
  } catch (reason) {
    // One index is enough to refuse the whole, and is not always named.
    if (!isRefused(reason) && !isBlocked(reason)) throw toStoreError(reason, signal);
  }
  let first: LogPulseError | undefined;
  for (const name of await indexNames(client, prefix, signal)) {
    const refused = await putOrRefusal(client, name, signal);
    first ??= refused;
  }
  if (first) throw first;
}

/** Gives one index the fields, or says why they cannot be there. */
async function putOrRefusal(client: Client, name: string, signal: AbortSignal): Promise<LogPulseError | undefined> {
  try {
    await putFields(client, encodeURIComponent(name), signal);
    return undefined;
  } catch (reason) {
    if (isReadOnly(reason)) return undefined; // It takes no new documents either.
    const cause = toStoreError(reason, signal);
    if (!isRefused(reason)) throw cause;
    const said = `the index ${name} has other fields than LogPulse's: move its documents to another name, and delete it`;
    return new LogPulseError("store_unavailable", said, { cause, metadata: { index: name } });
  }
}

/** Where an index has the fields already, nothing happens. */
async function putFields(client: Client, indices: string, signal: AbortSignal): Promise<void> {
  const query = { ...INDICES, ignore_unavailable: true, allow_no_indices: true };
  const request: ElasticsearchRequest = { method: "PUT", path: `/${indices}/_mapping`, query, body: LATER_FIELDS };
  await send(client, request, STORE_WRITE_MS_MAX, signal);
}

async function indexNames(client: Client, prefix: string, signal: AbortSignal): Promise<string[]> {
  const path = `/_resolve/index/${indexPatterns(prefix).join(",")}`;
  const answer = await send(client, { method: "GET", path, query: INDICES }, STORE_WRITE_MS_MAX, signal).catch(
    (reason: unknown) => {
      throw toStoreError(reason, signal);
    },
  );
  const { indices } = (answer ?? {}) as { indices?: { name: string }[] };
  if (!indices) throw new LogPulseError("store_unavailable", "Elasticsearch was asked for its indices and named none");
  return indices.map(({ name }) => name);
}
