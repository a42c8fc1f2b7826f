import { create } from "@bufbuild/protobuf";
import {
  type DeadLetterFilter,
  DeadLetterFilterSchema,
  DeadLetterState,
} from "../../gen/logpulse/v1/admin_service_pb.ts";
import { timeOption } from "../asking/read-question.ts";
import type { CommandContext } from "../command.ts";
import { textOption, wrongValue } from "../option-values.ts";
import { LETTER_STATES } from "./letter-options.ts";

const KEY = /^[0-9a-f]{64}$/;
const STATE_OF: Record<(typeof LETTER_STATES)[number], DeadLetterState> = {
  open: DeadLetterState.OPEN,
  stored: DeadLetterState.STORED,
  expired: DeadLetterState.EXPIRED,
  any: DeadLetterState.UNSPECIFIED,
};

/** Which letters the options and the word mean; open ones unless `--state` says otherwise. @throws CommandFailure */
export function letterFilter(context: CommandContext): DeadLetterFilter {
  const { options, words } = context;
  const [name = ""] = words;
  const isKey = KEY.test(name);
  return create(DeadLetterFilterSchema, {
    store: textOption(options, "store"),
    reason: textOption(options, "reason"),
    id: isKey ? "" : name,
    key: isKey ? name : "",
    state: readState(textOption(options, "state") ?? "open"),
    startTime: timeOption(context, "from"),
    endTime: timeOption(context, "to"),
  });
}

/** "open", "stored" or "expired". */
export function stateText(state: DeadLetterState): string {
  return LETTER_STATES.find((word) => STATE_OF[word] === state) ?? String(state);
}

function readState(text: string): DeadLetterState {
  const state = LETTER_STATES.find((word) => word === text);
  if (state === undefined) throw wrongValue("state", text, `one of ${LETTER_STATES.join(", ")}`);
  return STATE_OF[state];
}
