import { randomBytes } from "node:crypto";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uploadBatches } from "../clients/upload-batches.ts";
import { LogBatchSchema } from "../gen/logpulse/v1/log_batch_pb.ts";
import { makeUuidV7 } from "../services/domain/identity.ts";
import { type EmbeddedInstallation, identitiesIn, startEmbedded } from "./embedded-installation.ts";
import { eventually } from "./eventually.ts";

const RECORDS = 500;

/** As docs/OPERATING.md tells it: the process is stopped, the folder copied, and later put back. */
describe("a folder of the embedded mode that is put back", { timeout: 120_000 }, () => {
  let logpulse: EmbeddedInstallation;
  beforeAll(async () => {
    logpulse = await startEmbedded({ LOGPULSE_RATE_LIMIT: "off" });
  });
  afterAll(async () => {
    await logpulse?.stop();
    if (logpulse) rmSync(`${logpulse.folder}-copy`, { recursive: true, force: true });
  });

  const producerId = makeUuidV7(Date.now(), randomBytes(10));
  const producer = Buffer.from(producerId).toString("hex");
  const upload = async (firstSeq: number) => {
    const records = Array.from({ length: RECORDS }, (_, index) => ({ message: `record ${firstSeq + index}` }));
    const batch = create(LogBatchSchema, { producerId, firstSeq: BigInt(firstSeq), records });
    const { accepted } = await uploadBatches(logpulse.address, [toBinary(LogBatchSchema, batch)]);
    expect(Number(accepted)).toBe(RECORDS);
  };
  const holds = async (count: number) => {
    const expected = Array.from({ length: count }, (_, seq) => `${producer}-${seq}`).sort();
    const found = await eventually(
      async () => identitiesIn(logpulse.folder).sort(),
      (ids) => ids.length >= count,
    );
    expect(found).toEqual(expected);
  };

  it("holds what it held, once, and goes on from there", async () => {
    const { folder, process: server } = logpulse;
    await upload(0);
    await server.stop(); // Maybe before all of it is in the store: the log is in the folder too.
    cpSync(folder, `${folder}-copy`, { recursive: true });

    await server.restart();
    await upload(RECORDS);
    await holds(2 * RECORDS);
    await server.stop();

    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    cpSync(`${folder}-copy`, folder, { recursive: true });
    await server.restart();
    await holds(RECORDS);
    await upload(0); // Again, by a client that does not know what became of it.
    await upload(RECORDS);
    await holds(2 * RECORDS);
  });
});
