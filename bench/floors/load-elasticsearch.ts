import { Agent, request } from "node:http";
import { wordsOf } from "../../services/domain/words.ts";
import type { Chunk, RecordToLoad } from "./records-to-load.ts";

const TENANT = "default";

/** Loads the chunks into an index, `inFlight` bulk requests at a time. @throws Error where one document is not stored. */
export async function loadElasticsearch(
  url: string,
  index: string,
  chunks: Iterator<Chunk>,
  records: readonly RecordToLoad[],
  inFlight: number,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const bulkUrl = `${url}/${index}/_bulk?filter_path=errors`;
  const lane = async () => {
    for (let next = chunks.next(); !next.done; next = chunks.next()) {
      const answer = await post(bulkUrl, agent, bulkLines(next.value, records, Date.now()));
      if (answer !== '{"errors":false}') throw new Error(`Elasticsearch answered ${answer.slice(0, 500)}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  agent.destroy();
}

/** Two lines for each record, all of now: the same documents under the same ids as services/adapters/elasticsearch makes. */
export function bulkLines(
  { producer, firstSeq, count }: Chunk,
  records: readonly RecordToLoad[],
  nowMs: number,
): string {
  const now = timeText(nowMs);
  let lines = "";
  for (let seq = firstSeq; seq < firstSeq + count; seq++) {
    const { severity, level, service, message } = records[seq % records.length]!;
    lines +=
      `{"create":{"_id":"${TENANT}/${producer}-${seq}"}}\n` +
      `{"time":"${now}","received_time":"${now}","tenant":"${TENANT}","producer":"${producer}",` +
      `"seq":${seq},"severity":${severity},"severity_sent":0,"severity_text":${JSON.stringify(level)},` +
      `"service":${JSON.stringify(service)},"message":${JSON.stringify(message)},` +
      `"words":"${words(message)}","label_words":"${words(service)} ${words(level)}"}\n`;
  }
  return lines;
}

/** Words have letters, digits and _ only: JSON escapes none of them. */
function words(text: string): string {
  return wordsOf(text).join(" ");
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}000000Z`;
}

function post(url: string, agent: Agent, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/x-ndjson", "content-length": Buffer.byteLength(body) };
    const call = request(url, { method: "POST", agent, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        text += piece;
      });
      answer.on("end", () => resolve(text));
      answer.on("error", reject);
    });
    call.on("error", reject);
    call.end(body);
  });
}
