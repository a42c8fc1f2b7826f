import { create } from "@bufbuild/protobuf";
import {
  type DeadLetterFilter,
  DeadLetterFilterSchema,
  DeadLetterState,
} from "../../gen/logpulse/v1/admin_service_pb.ts";
import { timeOption } from "../asking/read-question.ts";
import type { CommandContext } from "../command.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { choiceOption, filledTextOption } from "../option-values.ts";
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
  const [name] = words;
  if (name === "") throw new CommandFailure(EXIT.usage, "the ID is empty; without one all letters are meant");
  const isKey = name !== undefined && KEY.test(name);
  return create(DeadLetterFilterSchema, {
    store: filledTextOption(options, "store", "a name"),
    reason: filledTextOption(options, "reason", "a reason"),
    id: isKey ? undefined : name,
    key: isKey ? name : undefined,
    state: STATE_OF[choiceOption(options, "state", LETTER_STATES) ?? "open"],
    startTime: timeOption(context, "from"),
    endTime: timeOption(context, "to"),
  });
}

/** "open", "stored" or "expired". */
export function stateText(state: DeadLetterState): string {
  return LETTER_STATES.find((word) => STATE_OF[word] === state) ?? String(state);
}
