/**
 * The promise's outcome, or, where that takes longer than `msMax`, a rejection with what `late` makes. The promise goes
 * on by itself then, and a later rejection of it is nobody's.
 */
export async function within<Value>(msMax: number, promise: Promise<Value>, late: () => Error): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), msMax);
  });
  try {
    return await Promise.race([promise, timeout]); // The race handles the loser's rejection.
  } finally {
    clearTimeout(timer);
  }
}
