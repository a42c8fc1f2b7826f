/** The promise's outcome, or at once a rejection with the signal's reason. */
export async function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]); // The race handles the loser's rejection.
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
