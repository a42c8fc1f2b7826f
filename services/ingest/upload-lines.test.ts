import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { UploadLinesRequestSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { LINES_KEPT_AS_TEXT_TOLD_MAX, LINES_READ_CHARACTERS_PER_TURN } from "../domain/limits.ts";
import { ingestProcess, TestClient, turn } from "./stream.fixture.ts";
import { uploadLines } from "./upload-lines.ts";

const JSON_LINE = '{"msg":"m"}';
const { context } = new TestClient(new AbortController().signal, true);

/** The answer, and what was kept for it. */
async function upload(request: MessageInitShape<typeof UploadLinesRequestSchema>) {
  const { acceptor, clock, log, counts, appendsEnd } = ingestProcess();
  const call = uploadLines({ acceptor, clock }, create(UploadLinesRequestSchema, request), context);
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  call.then(over, over); // The test looks at what it is.
  let turns = 0;
  for (; !isOver; turns++) {
    await turn();
    await appendsEnd();
  }
  const answer = await call;
  const kept = log.kept.flatMap(({ batch }) => fromBinary(LogBatchSchema, batch).records);
  return { answer, kept, counts: counts.totals(), turns };
}

describe("the answer to lines whose format is named", () => {
  it("says how they were read and how many records they are", async () => {
    const { answer, kept } = await upload({ lines: [JSON_LINE, "  at a.js:1", "", JSON_LINE], format: "auto" });
    expect(answer).toEqual({ message: "Logs processed", format: "json", records: 2 });
    expect(kept.map(({ message }) => message)).toEqual(["m\n  at a.js:1", "m"]);
  });

  it("counts all lines that are kept as text, and names the first ones", async () => {
    const plain = Array.from({ length: LINES_KEPT_AS_TEXT_TOLD_MAX + 5 }, (_, i) => `plain ${i}`);
    const { answer, kept } = await upload({ lines: [JSON_LINE, ...plain], format: "json" });
    expect(answer).toMatchObject({ records: plain.length + 1, keptAsText: { count: plain.length } });
    expect(answer.keptAsText?.reasons?.map(({ index }) => index)).toEqual(
      Array.from({ length: LINES_KEPT_AS_TEXT_TOLD_MAX }, (_, i) => i + 1),
    );
    expect(kept.at(-1)?.message).toBe(plain.at(-1));
  });

  it("names what is rejected, and counts it", async () => {
    const lines = [JSON_LINE, "x".repeat(70_000), "plain"];
    const { answer, kept, counts } = await upload({ lines, format: "json", strict: true });
    expect(answer).toMatchObject({
      records: 1,
      rejected: {
        count: 2,
        rejects: [
          { index: 1, field: "line", reason: "is 70000 bytes long; the limit is 65536" },
          { index: 2, field: "line", reason: 'begins with "plain"; wanted {' },
        ],
      },
    });
    expect(answer.keptAsText).toBeUndefined();
    expect(kept).toHaveLength(1);
    expect(counts).toMatchObject({ acceptedRecords: 1, rejectedRecords: { line: 2 } });
    expect(counts.rejects).toEqual([
      { field: "line", kind: "too_long", count: 1 },
      { field: "line", kind: "malformed", count: 1 },
    ]);
  });

  it("leaves others their turns while it is made", async () => {
    const line = JSON.stringify({ msg: "m", list: Array.from({ length: 15_000 }, () => 1) });
    const lines = Array.from({ length: 40 }, () => line);
    const { answer, turns } = await upload({ lines, format: "json" });
    expect(answer.records).toBe(lines.length);
    expect(turns).toBeGreaterThan((lines.length * line.length) / LINES_READ_CHARACTERS_PER_TURN / 2);
  });

  it("has no records where all lines are blank", async () =>
    expect((await upload({ lines: ["", " "], format: "json" })).answer).toEqual({
      message: "Logs processed",
      format: "json",
      records: 0,
    }));

  it.each([
    [{ lines: ["a"], format: "jsn" }, "invalid_request", /^format is "jsn".*, did you mean json\?$/],
    [{ lines: ["a"], service: "s".repeat(257) }, "invalid_request", /^service is 257 bytes long; the limit is 256$/],
    [
      { lines: ["a", "b"], format: "json", strict: true },
      "invalid_record",
      /^none of the lines .* lines\[0\] line begins/,
    ],
    [{ lines: ["x".repeat(70_000)], format: "text" }, "invalid_record", /lines\[0\] line is 70000 bytes long/],
  ])("is an error: %.60j", async (request, kind, message) =>
    expect(upload(request)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) }),
  );
});
