import type { TerminalStream } from "./terminal.ts";

/** What text can look like: of the 16 colours of a terminal, so that the user's own theme decides. */
const CODES = { dim: "2", bold: "1", yellow: "33", red: "31", reversedRed: "7;31", green: "32" } as const;

/** The name of a look. */
export type Colour = keyof typeof CODES;

/**
 * The text in that colour, where the stream may have colours. `text` is drawn already: nothing in it ends the colour.
 */
export function coloured(
  text: string,
  colour: Colour | undefined,
  { colours }: Pick<TerminalStream, "colours">,
): string {
  return colours && colour ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
}
