import { SpoilingProxy } from "../../../services/adapters/elasticsearch/spoiling-proxy.fixture.ts";
import { changed } from "../fresh-parts.ts";
import { IngestDoor, validCount } from "../ingest-door.ts";
import type { PlantedBug } from "../planted-bug.ts";
import { redelivered } from "../redelivery.ts";
import { startWorker } from "../worker-process.ts";

type Bulk = typeof import("../../../services/adapters/elasticsearch/bulk.ts");
type BulkAnswer = typeof import("../../../services/adapters/elasticsearch/bulk-answer.ts");

const DAY_MS = 86_400_000;

/** 2: `errors: true`, and nobody looks which items they were. */
export const bulkErrorsIgnored: PlantedBug = {
  planted: "items that a bulk answers with 429 are taken as stored",
  needs: { stores: ["elasticsearch", "mysql"] },
  modules: () => [
    changed<BulkAnswer>("adapters/elasticsearch/bulk-answer.ts", ({ verdictsOf }) => ({
      verdictsOf: (answer, count) =>
        verdictsOf(answer, count).map((verdict) => (verdict.is === "busy" ? { is: "stored" } : verdict)),
    })),
  ],
  async scene(run) {
    const proxy = new SpoilingProxy(run.places.elasticsearchUrl);
    const url = await proxy.listen();
    run.atTheEnd(() => proxy.close());
    const door = await IngestDoor.open(run);
    const sender = door.sender();
    const busyOnce = (await door.send(sender, 300)).filter(({ invalid, seq }) => !invalid && seq % 7 === 0);
    const ids = new Set(busyOnce.map(({ seq }) => `${sender.producer}-${seq}"`));
    proxy.isBusy = (item) => [...ids].some((id) => item.includes(id) && ids.delete(id));
    await startWorker(run, "elasticsearch", { elasticsearchUrl: url });
    await startWorker(run, "mysql");
    await run.drained();
    if (ids.size > 0) throw new Error(`${ids.size} documents were not answered with 429`);
    return [
      `${busyOnce.length} records that only one of the stores holds`,
      `${busyOnce.length} acknowledged records lost in elasticsearch`,
      `${busyOnce.length} records of the topic that elasticsearch does not hold`,
    ];
  },
};

/** 4: a redelivery finds nothing under its identity. */
export const randomId: PlantedBug = {
  planted: "documents get a random _id",
  needs: { stores: ["elasticsearch"], partitions: 1 },
  modules: () => {
    let next = 0;
    return [
      changed<Bulk>("adapters/elasticsearch/bulk.ts", ({ bulkItem }) => ({
        bulkItem(common, logged) {
          const item = bulkItem(common, logged);
          return { ...item, lines: item.lines.replace(/"_id":"[^"]*"/, `"_id":"random-${next++}"`) };
        },
      })),
    ];
  },
  async scene(run) {
    const copies = validCount(await redelivered(run, "elasticsearch"));
    return [
      `${copies} duplicates in elasticsearch`,
      `${2 * copies} records in elasticsearch that differ from what was sent`, // Their _id says who they are.
    ];
  },
};

/** 5: a redelivery after midnight goes into another index, where it is not found. */
export const indexOfTheWorkersDay: PlantedBug = {
  planted: "the index is chosen by the worker's clock",
  needs: { stores: ["elasticsearch"], partitions: 1 },
  modules: (run) => [
    changed<Bulk>("adapters/elasticsearch/bulk.ts", ({ bulkBatch }) => ({
      bulkBatch(prefix, batch) {
        const day = new Date(run.clock().nowMs()).toISOString().slice(0, 10).replaceAll("-", "");
        const common = bulkBatch(prefix, batch);
        return { ...common, actionHead: common.actionHead.replace(/"_index":"[^"]*"/, `"_index":"${prefix}-${day}"`) };
      },
    })),
  ],
  async scene(run) {
    const afterMidnight = () => {
      run.clockAheadMs = DAY_MS;
    };
    const copies = validCount(await redelivered(run, "elasticsearch", afterMidnight));
    return [
      `${copies} duplicates in elasticsearch`,
      `${copies} records in elasticsearch that differ from what was sent`, // The second copy lies in the wrong index.
    ];
  },
};
