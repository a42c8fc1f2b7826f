import { Admin } from "@platformatic/kafka";
import type { RunPlaces } from "../checker/check-run.ts";

const ANSWER_MS_MAX = 10_000;

/** Deletes the indices and topics of a run, so that a long series does not slow its servers down. Best effort. */
export async function deleteData({
  elasticsearchUrl,
  indexPrefix,
  kafkaBrokers,
  topicPrefix,
}: RunPlaces): Promise<void> {
  const admin = new Admin({
    clientId: "faults",
    bootstrapBrokers: [...kafkaBrokers],
    retries: 0,
    timeout: ANSWER_MS_MAX,
  });
  const done = await Promise.allSettled([
    deleteIndices(elasticsearchUrl, indexPrefix),
    admin.deleteTopics({ topics: [`${topicPrefix}-batches`, `${topicPrefix}-dead-letters`] }),
  ]);
  await admin.close();
  for (const result of done) {
    if (result.status === "rejected") console.warn(`data of ${topicPrefix} was left behind: ${result.reason}`);
  }
}

/** By name: a server may be set to refuse patterns here. */
async function deleteIndices(url: string, prefix: string): Promise<void> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const listed = await fetch(`${url}/${prefix}-*/_settings?flat_settings=true`, { signal });
  const names = Object.keys((await listed.json()) as object);
  if (names.length === 0) return;
  const answer = await fetch(`${url}/${names.join(",")}`, { method: "DELETE", signal });
  if (!answer.ok) throw new Error(`deleting ${names} was answered ${answer.status}`);
}
