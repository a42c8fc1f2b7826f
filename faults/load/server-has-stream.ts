import { type StatusObject, status } from "@grpc/grpc-js";
import { asTheyAre, openClient, pathOf } from "./batch-sender.ts";

const ANSWER_MS_MAX = 5_000;

/** Whether the server knows the call Stream: opens one, sends nothing, ends it. */
export async function serverHasStream(address: string): Promise<boolean> {
  const client = openClient(address);
  try {
    const call = client.makeBidiStreamRequest(pathOf("Stream"), asTheyAre, (bytes: Buffer) => bytes, {
      deadline: Date.now() + ANSWER_MS_MAX,
    });
    call.on("error", () => {}); // "status" tells.
    call.resume();
    call.end();
    const ended = await new Promise<StatusObject>((resolve) => call.on("status", resolve));
    return ended.code !== status.UNIMPLEMENTED;
  } finally {
    client.close();
  }
}
