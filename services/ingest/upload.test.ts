import { describe, expect, it } from "vitest";
import { UPLOAD_BATCHES_IN_FLIGHT_MAX, UPLOAD_BYTES_IN_FLIGHT_MAX } from "../domain/limits.ts";
import { batchOf, ingestProcess, TestClient } from "./stream.fixture.ts";
import { upload } from "./upload.ts";

const LARGE = batchOf(12, { messageBytes: 256 * 1024 - 100 });

describe("the window of an Upload", () => {
  it.each([
    ["batches", batchOf(1), UPLOAD_BATCHES_IN_FLIGHT_MAX],
    ["bytes", LARGE, Math.floor(UPLOAD_BYTES_IN_FLIGHT_MAX / LARGE.length)],
  ])("is so many %s: a full one is not read", async (_name, batch, fit) => {
    const { acceptor, appendsEnd } = ingestProcess();
    const client = new TestClient(new AbortController().signal, true);
    const answer = upload(acceptor, client, client.context);
    await client.send(...Array.from({ length: fit + 5 }, () => batch));
    expect(client.read).toBe(fit);
    client.halfClose();
    await appendsEnd();
    expect(await answer).toMatchObject({ batches: BigInt(fit + 5) });
  });
});
