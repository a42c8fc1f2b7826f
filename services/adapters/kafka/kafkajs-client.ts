import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import kafkajs from "kafkajs";
import type { Logger } from "../../ports/logger.ts";
import type { KafkaConnection } from "./brokers-in-turn.ts";

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;

// kafkajs itself reads gzip only; topics that an operator compresses are mostly zstd.
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: ({ buffer }: { buffer: Buffer }) => promisify(zstdCompress)(buffer),
  decompress: (buffer: Buffer) => promisify(zstdDecompress)(buffer),
});

/**
 * kafkajs, for consumer groups and administration. A client for each use: members of one group that share a client also
 * share its memory of committed offsets, and disturb each other.
 *
 * Its warnings and errors go to our log as warnings: it mends what it reports there, or crashes, which is told apart.
 */
export function kafkaJsClient({ brokers, clientId }: KafkaConnection, logger: Logger): InstanceType<typeof Kafka> {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: 2_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 5 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      const { message, timestamp: _timestamp, stack: _stack, ...facts } = entry.log;
      logger.warn({ kafkajs: entry.namespace, ...facts }, `kafkajs: ${message}`);
    },
  });
}
