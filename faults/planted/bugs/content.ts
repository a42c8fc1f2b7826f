import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { PoolConnection } from "mysql2/promise";
import { LogRecordSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import type { SqlValue } from "../../../services/adapters/mysql/insert-rows.ts";
import type { LogSink } from "../../../services/ports/log-sink.ts";
import { decodingChanged } from "../changed-decoding.ts";
import { withStore } from "../crash.ts";
import { changed } from "../fresh-parts.ts";
import { validCount } from "../ingest-door.ts";
import type { PlantedBug } from "../planted-bug.ts";
import { sentAndStored } from "../sent-and-stored.ts";

type Documents = typeof import("../../../services/adapters/elasticsearch/document.ts");
type Inserting = typeof import("../../../services/adapters/mysql/insert-rows.ts");

const NANOS_PER_MS = 1_000_000;

/** 13: one blank less. */
export const textTrimmed: PlantedBug = {
  planted: "messages are trimmed on their way into MySQL",
  needs: { stores: ["mysql"] },
  modules: () => [
    decodingChanged(
      ({ LoggedRecord }) =>
        (batch) =>
          batch.records.map(({ seq, bytes }) => {
            const record = fromBinary(LogRecordSchema, bytes);
            record.message = record.message.trim();
            return new LoggedRecord(seq, toBinary(LogRecordSchema, record), batch.receivedNanos);
          }),
    ),
  ],
  async scene(run) {
    const sent = (await sentAndStored(run, "mysql")).flat();
    const trimmed = sent.filter(({ invalid, record: { message } }) => !invalid && message !== message.trim());
    return [`${trimmed.length} records in mysql that differ from what was sent`];
  },
};

/** 13, again: a date of JavaScript on the way. */
export const nanosecondsCut: PlantedBug = {
  planted: "Elasticsearch gets times in whole milliseconds",
  needs: { stores: ["elasticsearch"] },
  modules: () => [
    changed<Documents>("adapters/elasticsearch/document.ts", ({ documentJson }) => ({
      documentJson(head, logged) {
        const document: { time: string } = JSON.parse(documentJson(head, logged));
        return JSON.stringify({ ...document, time: document.time.replace(/\d{6}Z$/, "000000Z") });
      },
    })),
  ],
  async scene(run) {
    const sent = (await sentAndStored(run, "elasticsearch")).flat();
    const cut = sent.filter(({ invalid, record: { time } }) => !invalid && time && time.nanos % NANOS_PER_MS !== 0);
    return [`${cut.length} records in elasticsearch that differ from what was sent`];
  },
};

/** 18: records appear where nobody sent them, and are missing where somebody did. */
export const anotherTenant: PlantedBug = {
  planted: "records are stored for another tenant",
  needs: { stores: ["elasticsearch"] },
  async scene(run) {
    const forAnother = (sink: LogSink) =>
      withStore(sink, (batches, ...rest) =>
        sink.store(
          batches.map((batch) => ({ ...batch, tenant: "another" })),
          ...rest,
        ),
      );
    const sent = await sentAndStored(run, "elasticsearch", { sink: (sink) => run.orPlanted(sink, forAnother) });
    const count = validCount(sent.flat());
    return [
      `${count} acknowledged records lost in elasticsearch`,
      `${count} records of the topic that elasticsearch does not hold`,
      `${count} records in elasticsearch that were never sent`,
    ];
  },
};

/** 22: the record is as it was sent, but nobody finds it by its method. */
export const methodNotLowered: PlantedBug = {
  planted: "the column that methods are found by has them as they were sent",
  needs: { stores: ["mysql"] },
  modules: () => [
    changed<Inserting>("adapters/mysql/insert-rows.ts", ({ InsertStatement }) => ({
      InsertStatement: class extends InsertStatement {
        private readonly columns: readonly string[];
        constructor(...[table, columns, onDuplicate]: ConstructorParameters<typeof InsertStatement>) {
          super(table, columns, onDuplicate);
          this.columns = columns;
        }
        override run(connection: PoolConnection, rows: readonly SqlValue[][]) {
          const [from, to] = [this.columns.indexOf("method"), this.columns.indexOf("method_lower")];
          return super.run(connection, to === -1 ? rows : rows.map((row) => row.with(to, row[from]!)));
        }
      },
    })),
  ],
  async scene(run) {
    const sent = (await sentAndStored(run, "mysql")).flat();
    const methods = sent.flatMap(({ invalid, record }) => (invalid ? [] : (record.http?.method ?? [])));
    const upper = methods.filter((method) => method !== method.toLowerCase());
    return [`${upper.length} records in mysql that differ from what was sent`];
  },
};
