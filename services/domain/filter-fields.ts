import {
  NumberCondition_Field as NumberEnum,
  TextCondition_Field as TextEnum,
} from "../../gen/logpulse/v1/filter_pb.ts";
import type { NumberField, TextField } from "./condition.ts";

/** The contract's number of each text field. */
export const TEXT_FIELD_ENUM: Record<TextField, TextEnum> = {
  service: TextEnum.SERVICE,
  severity_text: TextEnum.LEVEL_TEXT,
  trace_id: TextEnum.TRACE_ID,
  span_id: TextEnum.SPAN_ID,
  client_ip: TextEnum.CLIENT_IP,
  method: TextEnum.METHOD,
  path: TextEnum.PATH,
  user_agent: TextEnum.USER_AGENT,
  referer: TextEnum.REFERER,
  protocol: TextEnum.PROTOCOL,
};

/** The contract's number of each number field. */
export const NUMBER_FIELD_ENUM: Record<NumberField, NumberEnum> = {
  severity: NumberEnum.SEVERITY,
  status: NumberEnum.STATUS,
  latency_nanos: NumberEnum.LATENCY_NANOS,
  response_bytes: NumberEnum.RESPONSE_BYTES,
};

/** Undefined for a number that the contract does not have, or for none. */
export function textFieldOf(asked: TextEnum): TextField | undefined {
  return keyOf(TEXT_FIELD_ENUM, asked);
}

/** Undefined for a number that the contract does not have, or for none. */
export function numberFieldOf(asked: NumberEnum): NumberField | undefined {
  return keyOf(NUMBER_FIELD_ENUM, asked);
}

function keyOf<Key extends string, Value>(table: Record<Key, Value>, value: Value): Key | undefined {
  return (Object.keys(table) as Key[]).find((key) => table[key] === value);
}
