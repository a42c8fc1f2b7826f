import { severityRangeNumber } from "../../services/domain/severity.ts";
import type { Colour } from "./colours.ts";

const LETTERS = "·TDIWEF";
const COLOURS: readonly (Colour | undefined)[] = [undefined, "dim", "dim", undefined, "yellow", "red", "reversedRed"];

/** The letter of a severity's range, and its colour; "·" where nothing says how bad it is. */
export function levelMark(severity: number): { letter: string; colour: Colour | undefined } {
  const range = severityRangeNumber(severity);
  return { letter: LETTERS[range]!, colour: COLOURS[range] };
}
