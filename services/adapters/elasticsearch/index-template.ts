import { dayOfText, dayText } from "../../domain/identity.ts";
import { HTTP_LONG_BYTES_MAX } from "../../domain/limits.ts";
import { INDEX_PREFIX } from "./settings.ts";

/** Times to the nanosecond. The same format must stand in every range, sort and search_after, or nanoseconds are lost. */
export const TIME_FORMAT = "strict_date_optional_time_nanos";

/**
 * The index of a record: that of its producer's UTC day, so that a retry always meets its first copy.
 *
 * @throws RangeError where the year is beyond 2999: the template would not know the index. Ingest lets no such id through.
 */
export function indexName(prefix: string, producerDay: number): string {
  const day = dayText(producerDay);
  if (!DAY.test(day))
    throw new RangeError(`the producer id is of day ${producerDay} since 1970, too late for an index`);
  return `${prefix}-${day}`;
}

/** The producer day of a daily index of this prefix; undefined for every other name. */
export function dayOfIndex(prefix: string, name: string): number | undefined {
  const text = name.slice(prefix.length + 1);
  return name === `${prefix}-${text}` && DAY.test(text) ? dayOfText(text) : undefined;
}

const DAY = /^[12]\d{7}$/;

/** All indices of a prefix, years 1000 to 2999. `<prefix>-*` would also name those of the prefix `<prefix>-test`. */
export function indexPatterns(prefix: string): string[] {
  return [`${prefix}-1*`, `${prefix}-2*`];
}

/**
 * Refuses a prefix that could reach other indices.
 *
 * @throws Error that shows the prefix and what is wanted.
 */
export function checkIndexPrefix(prefix: string): void {
  if (!INDEX_PREFIX.test(prefix)) {
    throw new Error(`the index prefix is "${prefix}"; it must be a letter a-z and up to 63 of a-z, 0-9, _ and -`);
  }
}

// Longer texts are stored, but not indexed: Lucene refuses a term of more than 32,766 bytes, and the record with it.
const keyword = { type: "keyword", ignore_above: HTTP_LONG_BYTES_MAX };
const storedOnly = { type: "text", index: false };
// Stored only at first, and found by its own later: a field's type cannot be changed, but another be put below it.
const exactLater = { ...storedOnly, fields: { exact: keyword } };
const time = { type: "date_nanos", format: TIME_FORMAT };
// No lengths of texts: nothing is ranked.
const words = { type: "text", analyzer: "whitespace", norms: false };

const laterHttpFields = {
  method_lower: keyword,
  user_agent: exactLater,
  referer: exactLater,
  protocol: exactLater,
};

/** The body of `PUT _mapping`: the fields that indices of earlier versions lack. */
export const LATER_FIELDS = { properties: { http: { properties: laterHttpFields } } };

/**
 * The body of `PUT _index_template`. Uses only what every distribution of Elasticsearch 8 has.
 *
 * `words` and `label_words` are fed the output of `domain/words.ts` and cut at blanks only, so that a word is here what
 * it is in every other engine; `http.method_lower` that of JavaScript's toLowerCase. They stay in `_source`, although
 * nobody reads them there: leaving them out costs half as much again per record, since Elasticsearch then writes each
 * source anew and for a while keeps both (measured: 27.7 against 17.7 µs of its CPU, 110 against 94 bytes on disk, for
 * records of 100 characters).
 */
export function indexTemplate(prefix: string, replicas: number): object {
  return {
    index_patterns: indexPatterns(prefix),
    priority: 500, // Above the templates that a full distribution brings along (100 to 200).
    template: {
      settings: {
        number_of_shards: 1,
        number_of_replicas: replicas,
        refresh_interval: "1s", // Said, not left to the default: indices nobody searches would stop refreshing.
        "translog.durability": "request", // On disk before it is answered.
      },
      mappings: {
        dynamic: false, // A field nobody expected is stored and harms nothing.
        properties: {
          time,
          received_time: time,
          tenant: keyword,
          producer: keyword,
          seq: { type: "long" },
          severity: { type: "integer" }, // What the wire can carry: a number outside 1 to 24 is no reason to refuse.
          severity_text: keyword,
          service: keyword,
          message: storedOnly,
          words: { ...words, index_options: "positions" },
          label_words: { ...words, index_options: "docs" },
          attributes: { type: "flattened", ignore_above: HTTP_LONG_BYTES_MAX },
          attributes_unindexed: { type: "object", enabled: false },
          trace_id: keyword,
          span_id: keyword,
          settled: keyword, // Only in documents without a record: why their seqs are settled.
          http: {
            properties: {
              client_ip: keyword,
              method: keyword, // As it was sent.
              path: keyword,
              status: { type: "integer" },
              latency_nanos: { type: "long", ignore_malformed: true }, // A Duration holds more than 64 bits of them.
              response_bytes: { type: "long" },
              ...laterHttpFields,
            },
          },
        },
      },
    },
  };
}
