/**
 * What is wrong with a record that is rejected for ever, as counts tell it; the answer to its sender says it in words.
 * `malformed`: bytes or text that are not what the contract says; `too_many`: keys, levels.
 */
export const REJECT_KINDS = ["malformed", "too_long", "too_many", "not_utf8", "out_of_range"] as const;

/** One of them. */
export type RejectKind = (typeof REJECT_KINDS)[number];
