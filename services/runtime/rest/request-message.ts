import {
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { LogPulseError } from "../../domain/errors.ts";
import { GRPC_MESSAGE_BYTES_MAX } from "../../domain/limits.ts";
import { invalidField } from "../../domain/request-fields.ts";
import { withinBatchLimit } from "../grpc-mount.ts";
import { type BoundParameters, isObject, mergeIntoBody } from "./bound-parameters.ts";
import type { BodyPlace } from "./http-rules.ts";
import { findLooseText } from "./loose-texts.ts";
import { parseStrictJson } from "./strict-json.ts";

/**
 * The message of a request: what its body says, at the place that the rule gives it, and what was bound beside it. An
 * empty text is a body that was left out.
 *
 * Fields that the contract does not know are refused: a misspelt one would otherwise be lost without a word, and in a
 * filter it would mean "all". `what` is named in errors: "the body".
 *
 * @throws LogPulseError `invalid_request` naming the field, or because the message is larger than gRPC takes.
 */
export function requestMessage(
  desc: DescMessage,
  place: BodyPlace,
  text: string,
  bound: BoundParameters,
  what: string,
): MessageShape<DescMessage> {
  const message = messageOf(desc, mergeIntoBody(desc, bodyJson(place, text, what), bound));
  // A character has three bytes at most, and what is no text is shorter in binary: a smaller one needs no measuring.
  if (text.length * 3 > GRPC_MESSAGE_BYTES_MAX) checkSize(toBinary(desc, message).length);
  return message;
}

/** The bytes of a message. @throws LogPulseError `invalid_batch` where they are more than a batch may have. */
export function encodedMessage(desc: DescMessage, message: MessageShape<DescMessage>): Uint8Array {
  return withinBatchLimit(toBinary(desc, message));
}

function checkSize(bytes: number): void {
  if (bytes <= GRPC_MESSAGE_BYTES_MAX) return;
  const message = `the message has ${bytes} bytes; it may have ${GRPC_MESSAGE_BYTES_MAX}`;
  throw new LogPulseError("invalid_request", message, { metadata: { limit: String(GRPC_MESSAGE_BYTES_MAX) } });
}

function bodyJson(place: BodyPlace, text: string, what: string): JsonObject {
  if (place.kind === "none" || (place.kind === "whole" && text === "")) return {};
  const json = parseStrictJson(text, what);
  if (place.kind === "field") return { [place.field.jsonName]: json };
  if (!isObject(json)) throw new LogPulseError("invalid_request", `${what} must be a JSON object`);
  return json;
}

function messageOf(desc: DescMessage, json: JsonValue): MessageShape<DescMessage> {
  const loose = findLooseText(desc, json);
  if (loose) throw invalidField(loose.name, `is ${JSON.stringify(loose.text)}; it must be ${loose.wanted}`);
  try {
    return fromJson(desc, json, { ignoreUnknownFields: false });
  } catch (cause) {
    throw new LogPulseError("invalid_request", (cause as Error).message, { cause });
  }
}
