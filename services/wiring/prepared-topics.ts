import { prepareTopics, type TopicsSettings } from "../adapters/kafka/topics.ts";
import { LogPulseError } from "../domain/errors.ts";
import type { Logger } from "../ports/logger.ts";
import { CannotStart } from "./waiting-part.ts";

/**
 * Creates the topics that are missing.
 *
 * @throws LogPulseError `log_unavailable`: try again later.
 * @throws CannotStart where a topic is not as the settings say: no waiting will mend that.
 */
export async function preparedTopics(settings: TopicsSettings, logger: Logger): Promise<void> {
  try {
    await prepareTopics(settings, logger);
  } catch (reason) {
    throw reason instanceof LogPulseError ? reason : new CannotStart((reason as Error).message, { cause: reason });
  }
}
