import { connect } from "node:net";

const ANSWER_MS_MAX = 2_000;

/**
 * Whether the broker on 127.0.0.1:`port` is a member of its cluster and knows the controller: from then on topics can be made
 * and records sent. An open port says less, since Kafka opens it seconds earlier.
 *
 * Asks by the protocol itself, so that no client library prints its retries meanwhile.
 *
 * @throws Error when there is no answer within 2 s.
 */
export async function brokerServes(port: number): Promise<boolean> {
  const answer = await ask(port, metadataRequest());
  // Size (4 bytes), correlation id (4), brokers: count (4), then each of them; then a nullable cluster id, then the controller.
  const brokers = answer.readInt32BE(8);
  return brokers > 0 && controllerId(answer, brokers) >= 0;
}

/** Metadata, version 2, of no topic: size, key 3, version 2, correlation id, client id "health", an empty list. */
function metadataRequest(): Buffer {
  const client = Buffer.from("health");
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + client.length + 4);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(3, 4);
  request.writeInt16BE(2, 6);
  request.writeInt32BE(1, 8);
  request.writeInt16BE(client.length, 12);
  client.copy(request, 14);
  return request;
}

function controllerId(answer: Buffer, brokers: number): number {
  let at = 12;
  for (let broker = 0; broker < brokers; broker++) {
    at += 4; // node id
    at += 2 + answer.readInt16BE(at); // host
    at += 4; // port
    at += 2 + Math.max(0, answer.readInt16BE(at)); // rack, of length -1 when there is none
  }
  at += 2 + Math.max(0, answer.readInt16BE(at)); // cluster id
  return answer.readInt32BE(at);
}

async function ask(port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(request));
    let answer: Buffer = Buffer.alloc(0);
    socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy(new Error(`no answer in ${ANSWER_MS_MAX} ms`)));
    socket.on("data", (part: Buffer) => {
      answer = Buffer.concat([answer, part]);
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return;
      resolve(answer);
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed without an answer")));
  });
}
