import { crc32 } from "node:zlib";

/**
 * The log partition of a producer's batches: CRC-32 of tenant, a zero byte and the 16 bytes of the id, modulo the count.
 *
 * Ours, because the Kafka libraries' own hashes differ from each other; every replica and every language can compute
 * it. The partition count of a topic is fixed for its life, so a retry always meets its first copy.
 */
export function partitionOf(tenant: string, producerId: Uint8Array, partitions: number): number {
  if (tenant !== lastTenant) [lastTenant, lastTenantCrc] = [tenant, crc32(`${tenant}\0`)];
  return crc32(producerId, lastTenantCrc) % partitions;
}

// Computed for every batch, and nearly always the same.
let lastTenant: string | undefined;
let lastTenantCrc = 0;
