import { KafkaEventLogReader } from "../adapters/kafka/event-log-reader.ts";
import type { TopicSettings } from "../adapters/kafka/topics.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../ports/logger.ts";
import { kafkaSettings } from "./kafka-settings.ts";
import type { LostMessages } from "./lost-messages.ts";

/** A reader of that topic. `compacted`: see KafkaReaderSettings. `lost`: gets what was deleted before it was read. */
export function topicReader(
  config: Config,
  topic: TopicSettings & { compacted?: boolean },
  lost: LostMessages,
  logger: Logger,
): KafkaEventLogReader {
  const settings = {
    ...kafkaSettings(config),
    topic: topic.name,
    partitions: topic.partitions,
    compacted: topic.compacted,
    onLost: lost.note.bind(lost),
  };
  return new KafkaEventLogReader(settings, logger);
}
