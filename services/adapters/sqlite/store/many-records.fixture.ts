import { create, toBinary } from "@bufbuild/protobuf";
import { LogRecordSchema } from "../../../../gen/logpulse/v1/log_record_pb.ts";
import { producerDay } from "../../../domain/identity.ts";
import { newProducer } from "../../../ports/build-logged-batch.ts";
import type { StoreTables } from "./store-tables.ts";

/** Records that were stored by SQL alone: hundreds of thousands a second. */
export interface ManyRecords {
  tenant: string;
  producer: string;
  day: number;
}

/**
 * Stores `count` records of one producer, a microsecond apart, the newest at 1970-01-01T01:00:00Z, with `http`, the method
 * "GÉT" and the path "/"; `RecordDay` does not count them, so nothing else may be stored of today. The word
 * "common" is in all of them, and "rare" in every ten thousandth. `words`: so that they are found by them.
 */
export function storeManyRecords(tables: StoreTables, count: number, { words = false } = {}): ManyRecords {
  const [tenant, producer] = ["many", newProducer()];
  const day = producerDay(producer);
  const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})`;
  tables.transaction((database) => {
    tables.ensureRecordDay(day);
    const record = (message: string) =>
      `x'${Buffer.from(toBinary(LogRecordSchema, create(LogRecordSchema, { message }))).toString("hex")}'`;
    const text = (value: string) => `CAST('${value}' AS BLOB)`;
    const time = `3600000000000 - (${count} - n) * 1000`;
    database.exec(
      `INSERT INTO records_${day} ${numbers} SELECT n, ${tables.ensureTenant(tenant)}, x'${producer}', n, ${time}, 0, 9,
        ${text("INFO")}, ${text("many")}, x'', 1, x'', ${text("GÉT")}, ${text("/")}, 200, NULL, iif(n % 10000 = 0, ${record("common rare")}, ${record("common")})
        FROM numbers`,
    );
    database.exec(`INSERT INTO runs_${day} VALUES (${tables.ensureTenant(tenant)}, x'${producer}', 1, ${count}, 1)`);
    const message = "iif(n % 10000 = 0, 'common rare', 'common')";
    if (words)
      database.exec(
        `INSERT INTO words_${day} (rowid, message, labels) ${numbers} SELECT n, ${message}, 'many INFO' FROM numbers`,
      );
  });
  return { tenant, producer, day };
}
