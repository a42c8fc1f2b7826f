import { LogPulseError } from "../../domain/errors.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text with every %XX decoded; what only looks like an escape ("%zz") stays as it is. `plusIsBlank`: as HTML forms
 * write blanks in a query.
 *
 * `what` is named in the error: "id", "the parameter q".
 *
 * @throws LogPulseError `invalid_request` where the bytes are not UTF-8.
 */
export function percentDecode(text: string, what: string, plusIsBlank = false): string {
  const blanks = plusIsBlank ? text.replaceAll("+", " ") : text;
  if (!blanks.includes("%")) return blanks;
  const bytes = Buffer.from(
    blanks.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new LogPulseError("invalid_request", `${what} is not UTF-8 when percent-decoded`, { cause });
  }
}
