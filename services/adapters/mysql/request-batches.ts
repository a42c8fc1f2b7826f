import type { LoggedBatch } from "../../domain/logged-batch.ts";
import { nanosToTimestamp } from "../../domain/record-time.ts";
import { buildLoggedBatch, type RecordToBuild } from "../../ports/build-logged-batch.ts";

/** The minutes that `requestBatch` spreads its records over. */
export const REQUEST_MINUTES = { from: 29_000_000, to: 29_000_002 };

/** For tests: requests over three minutes, 5 services, 40 paths and 250 clients. The same arguments, the same batch. */
export function requestBatch(tenant: string, producer: string, firstSeq: number, size: number): LoggedBatch {
  const records = Array.from({ length: size }, (_, index): RecordToBuild => {
    const number = firstSeq + index;
    return {
      time: nanosToTimestamp(BigInt(REQUEST_MINUTES.from + (number % 3)) * 60_000_000_000n),
      service: `service-${number % 5}`,
      message: `request ${number} of a test, as long as many of them are`,
      http: {
        clientIp: `10.0.0.${number % 250}`,
        method: "GET",
        path: `/items/${number % 40}`,
        status: number % 10 === 0 ? 500 : 200,
        latency: { nanos: 1_000_000 },
        responseBytes: 100n,
      },
    };
  });
  return buildLoggedBatch({ tenant, producer, firstSeq, records, receivedNanos: 1_740_000_000_000_000_000n });
}
