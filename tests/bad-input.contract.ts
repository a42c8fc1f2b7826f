import { randomBytes } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type WriteResponse, WriteResponseSchema } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { LogBatchSchema } from "../gen/logpulse/v1/log_batch_pb.ts";
import { LogRecordSchema } from "../gen/logpulse/v1/log_record_pb.ts";
import { makeUuidV7 } from "../services/domain/identity.ts";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";

const INVALID_ARGUMENT = 3;
const MiB = 1024 * 1024;

/** What a server must say to senders of what cannot be kept, while it keeps everything else. */
export function badInputContract(mode: string, start: StartInstallation): void {
  describe(`bad input, ${mode}`, { timeout: 60_000 }, () => {
    let logpulse: Installation;
    let client: Client;

    beforeAll(async () => {
      logpulse = await start();
      client = new Client(logpulse.address, credentials.createInsecure(), { "grpc.max_send_message_length": -1 });
    });
    afterAll(async () => {
      client?.close();
      await logpulse?.stop();
    });

    const write = (bytes: Uint8Array) =>
      new Promise<{ error?: ServiceError; response?: WriteResponse }>((resolve) => {
        client.makeUnaryRequest(
          "/logpulse.v1.IngestService/Write",
          (batch: Uint8Array) => Buffer.from(batch),
          (answer: Buffer) => fromBinary(WriteResponseSchema, answer),
          bytes,
          { deadline: Date.now() + 20_000 },
          (error: ServiceError | null, response?: WriteResponse) => resolve(error ? { error } : { response }),
        );
      });
    const encoded = (records: object[]) =>
      toBinary(
        LogBatchSchema,
        create(LogBatchSchema, { producerId: makeUuidV7(Date.now(), randomBytes(10)), records }),
      );
    const search = async (query: string) => {
      const answer = await fetch(`${logpulse.url}/v1/logs:search?${query}`);
      return (await answer.json()) as { logs: { record: { message: string } }[] };
    };

    it.each([
      ["random bytes", randomBytes(500), /batch/],
      ["a truncated batch", encoded([{ message: "hello" }]).subarray(0, 24), /bytes long where|ends in the middle/],
      ["a server's field", Buffer.concat([encoded([{}]), Buffer.from([0xa2, 0x06, 0x01, 0x61])]), /field 100/],
      ["a group", Buffer.from([0x0b, 0x0c]), /group/],
      [
        "a batch of 4 MiB and a byte",
        Buffer.concat([Buffer.from([0x0a, 0x00]), new Uint8Array(4 * MiB - 1)]),
        /4194305 bytes.*4194304/,
      ],
      ["a message of 8 MiB", new Uint8Array(8 * MiB), /larger than max \(8388608 vs/],
      ["10,001 records", encoded(Array.from({ length: 10_001 }, () => ({}))), /more than 10000 records/],
    ])("%s: INVALID_ARGUMENT that says why", async (_name, bytes, reason) => {
      const { error } = await write(bytes);
      expect(error).toMatchObject({ code: INVALID_ARGUMENT, details: expect.stringMatching(reason) });
    });

    it("an empty batch is no error", async () => {
      expect((await write(new Uint8Array())).response).toMatchObject({ accepted: 0, rejects: [] });
      expect((await write(encoded([]))).response).toMatchObject({ accepted: 0, rejects: [] });
    });

    it("bad records among good ones are named; the good ones are stored, byte for byte", async () => {
      const service = `neighbours-${randomBytes(4).toString("hex")}`;
      const texts = [
        "NUL \u0000 inside",
        "emoji 🎉𝒜",
        "'; DROP TABLE records; --",
        '{"query":{"match_all":{}}}',
        "* ? [a-z] \\",
        "a\r\nb\u001b[31m",
        "\u202eevil",
      ];
      const records = texts.flatMap((message) => [
        { service, message },
        { service, message: "bad", traceId: "nonsense" },
      ]);
      records.push({ service, message: "x".repeat(256 * 1024) });
      const { response } = await write(encoded(records));
      expect(response?.accepted).toBe(texts.length);
      expect(response?.rejects.map((reject) => reject.index)).toEqual([1, 3, 5, 7, 9, 11, 13, 14]);
      expect(response?.rejects[0]).toMatchObject({ field: "trace_id", reason: expect.stringMatching(/32 lower-case/) });
      expect(response?.rejects.at(-1)).toMatchObject({
        field: "",
        reason: expect.stringMatching(/the limit is 262144/),
      });
      const found = await eventually(
        () => search(`service=${service}`),
        ({ logs }) => logs.length === texts.length,
      );
      expect(found.logs.map((log) => log.record.message).sort()).toEqual(texts.toSorted());
    });

    it("one record that is not UTF-8 among a hundred", async () => {
      const service = `utf8-${randomBytes(4).toString("hex")}`;
      const good = Array.from({ length: 100 }, (_, i) => create(LogRecordSchema, { service, message: `m${i}` }));
      const bad = Buffer.from([0x1a, 0x04, 0x2a, 0x02, 0xff, 0xfe]);
      const { response } = await write(Buffer.concat([encoded(good), bad]));
      expect(response).toMatchObject({ accepted: 100, rejects: [{ index: 100, field: "message" }] });
      await eventually(
        () => search(`service=${service}&pageSize=500`),
        ({ logs }) => logs.length === 100,
      );
    });

    it("after all of it everything still serves", async () => {
      for (const process of logpulse.processes) expect(process.alive()).toBe(true);
      expect((await fetch(`${logpulse.url}/ping`)).status).toBe(200);
      expect((await write(encoded([{ message: "still here" }]))).response).toMatchObject({ accepted: 1 });
    });
  });
}
