import { fromBinary } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import type { LetterFacts } from "./join-letters.ts";
import type { KafkaLog } from "./kafka-log.ts";
import type { MysqlReader } from "./mysql-reader.ts";

/**
 * Every dead letter in the topic, repeats included.
 *
 * @throws Error where a message is none: nobody but the workers writes there.
 */
export async function* exportLetters(kafka: KafkaLog, topicPrefix: string): AsyncGenerator<DeadLetter> {
  for await (const { value } of kafka.messages(`${topicPrefix}-dead-letters`))
    yield fromBinary(DeadLetterSchema, value);
}

/** Every row of the table of dead letters. */
export async function* exportLetterRows(reader: MysqlReader): AsyncGenerator<LetterFacts> {
  const columns = "store, tenant, id, reason, log_partition, log_offset";
  for await (const row of reader.rows(`SELECT ${columns} FROM dead_letters`)) {
    const [store, tenant, id, reason] = [row.store, row.tenant, row.id, row.reason].map(String) as [
      string,
      string,
      string,
      string,
    ];
    yield { store, tenant, id, reason, partition: Number(row.log_partition), offset: BigInt(row.log_offset) };
  }
}
