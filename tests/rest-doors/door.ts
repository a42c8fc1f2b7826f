import { Agent, request } from "node:http";
import { isDeepStrictEqual } from "node:util";
import type { Difference } from "./differences.ts";

/** One request to both doors, and in what their answers are known to differ; left out: in nothing. */
export interface DoorRequest {
  method: string;
  /** As it is sent, whatever is in it. `$ID` is the id of a record that both doors know. */
  path: string;
  body?: string | Uint8Array | undefined;
  headers?: Record<string, string>;
  differs?: Difference | undefined;
}

/** A GET. */
export const get = (path: string, differs?: Difference): DoorRequest => ({ method: "GET", path, differs });

/** A POST of JSON, unless `headers` say otherwise. */
export const post = (
  path: string,
  body: string | Uint8Array,
  differs?: Difference,
  headers: Record<string, string> = {},
): DoorRequest => ({
  method: "POST",
  path,
  body,
  differs,
  headers: { "content-type": "application/json", ...headers },
});

/** Each line of a text that is not empty, without the blanks around it. */
export const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/** What a door answered. */
export interface DoorAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Parsed where it is JSON or lines of it, else the text. */
  body: unknown;
}

function bodyOf(text: string, type: string | undefined): unknown {
  if (type === "application/json" && text !== "") return JSON.parse(text);
  if (type === "application/x-ndjson") return linesOf(text).map((line) => JSON.parse(line));
  // The times at which records were received stand among the others.
  return type?.startsWith("text/csv") ? text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>") : text;
}

/** Sends requests to one door, and changes nothing on the way. */
export class Door {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 8 });
  private readonly port: number;
  /** What `$ID` stands for. */
  id = "";

  constructor(port: number) {
    this.port = port;
  }

  /** @throws Error where the connection breaks off, or nothing comes for half a minute. */
  ask({ method, path, body, headers = {} }: DoorRequest): Promise<DoorAnswer> {
    const isCounted = body !== undefined && headers["transfer-encoding"] === undefined;
    const length: Record<string, number> = isCounted ? { "content-length": Buffer.byteLength(body) } : {};
    const { promise, resolve, reject } = Promise.withResolvers<DoorAnswer>();
    const target = path.replaceAll("$ID", this.id);
    const options = { host: "127.0.0.1", port: this.port, method, path: target, agent: this.agent, timeout: 30_000 };
    const sent = request({ ...options, headers: { ...length, ...headers } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part)).on("error", reject);
      answer.on("end", () => {
        const body = bodyOf(Buffer.concat(parts).toString(), answer.headers["content-type"]);
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer for 30 s"))).on("error", reject);
    sent.end(body);
    return promise;
  }

  close(): void {
    this.agent.destroy();
  }
}

/**
 * Whether two answers are the same to a client: in status, type, wait, and content apart from what each door draws for
 * itself. "other_words": both refuse, with the same status, code and reason.
 */
export function compare(envoy: DoorAnswer, ours: DoorAnswer, method: string): "same" | "other_words" | "other_answer" {
  const head = ({ status, headers }: DoorAnswer) => [status, headers["content-type"], "retry-after" in headers];
  if (!isDeepStrictEqual(head(envoy), head(ours))) return "other_answer";
  if (method === "HEAD" || isDeepStrictEqual(normalised(envoy.body), normalised(ours.body))) return "same";
  const isRefusal = envoy.status >= 400 && isDeepStrictEqual(kindOf(envoy), kindOf(ours));
  return isRefusal ? "other_words" : "other_answer";
}

/** The code and the reason of an error. */
function kindOf({ body }: DoorAnswer): unknown[] {
  const { code, details } = body as { code?: number; details?: { "@type": string; reason?: string }[] };
  return [code, details?.find((detail) => detail["@type"].endsWith("ErrorInfo"))?.reason];
}

/** What a door draws or measures itself, by the name of its field. */
const OWN_FIELDS = new Set([
  "id",
  "receivedTime",
  "total_logged",
  "producerId",
  "firstSeq",
  "nextPageToken",
  "previousPageToken",
  "watermark",
]);

function normalised(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(/[0-9a-f]{32}-\d+/g, "<id>");
  if (Array.isArray(value)) return value.map(normalised);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => {
    const hasOwn = OWN_FIELDS.has(name) && typeof inner !== "object";
    return [name, hasOwn ? `<${typeof inner}${inner === "" ? ", empty" : ""}>` : normalised(inner)];
  });
  return Object.fromEntries(entries);
}
