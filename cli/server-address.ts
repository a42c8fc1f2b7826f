import { CommandFailure, EXIT } from "./exit-code.ts";

/** Where a LogPulse listens unless told otherwise. */
export const ADDRESS_USUAL = "127.0.0.1:8080";

const ADDRESS = /^(\[[0-9a-fA-F:]+\]|[^\s:/@]+):(\d{1,5})$/;

/** @throws CommandFailure where it is no host:port; `what` names the place where it stands. */
export function requireAddress(what: string, text: string): string {
  const port = Number(ADDRESS.exec(text)?.[2]);
  if (port >= 1 && port <= 65_535) return text;
  throw new CommandFailure(EXIT.usage, `${what} is "${text}"; it must be HOST:PORT, like ${ADDRESS_USUAL}`);
}
