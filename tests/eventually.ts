/**
 * Asks again, every 100 ms, until `holds` is true of the answer, and gives that answer. Stores are a second behind.
 *
 * @throws Error with the last answer or error, after `msMax`.
 */
export async function eventually<T>(ask: () => Promise<T>, holds: (answer: T) => boolean, msMax = 30_000): Promise<T> {
  const endMs = Date.now() + msMax;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (holds(answer)) return answer;
      last = answer;
    } catch (reason) {
      last = reason instanceof Error ? `${reason.name}: ${reason.message}` : reason;
    }
    if (Date.now() > endMs) throw new Error(`not within ${msMax} ms; the last answer: ${shown(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function shown(value: unknown): string {
  const text =
    typeof value === "string"
      ? value
      : JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? String(part) : part));
  return String(text).slice(0, 2_000);
}
