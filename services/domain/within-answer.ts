import { type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { ANSWER_BYTES_MAX } from "./limits.ts";

/**
 * The first of the messages, as many as one answer may hold; at least one. What is left out is the next page's: a page
 * of a thousand records of 256 KiB would be refused by the caller's own gRPC client.
 */
export function withinAnswer<Desc extends DescMessage>(
  messages: MessageShape<Desc>[],
  schema: Desc,
  bytesMax = ANSWER_BYTES_MAX,
): MessageShape<Desc>[] {
  let bytes = 0;
  const fitting = messages.findIndex((message, index) => {
    bytes += toBinary(schema, message).length;
    return index > 0 && bytes > bytesMax;
  });
  return fitting === -1 ? messages : messages.slice(0, fitting);
}
