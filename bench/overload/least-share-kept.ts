/** What one client got: calls that were acknowledged in time. */
export interface Got {
  inTimeCalls: number;
}

/**
 * Of the client that keeps least: what it got beside somebody else, as a share of what it got without. Both lists have the
 * same clients in the same order.
 *
 * @throws Error where the lists differ in length, or a client got nothing without anybody beside it.
 */
export function leastShareKept(beside: readonly Got[], alone: readonly Got[]): number {
  if (beside.length !== alone.length || alone.length === 0)
    throw new Error(`${beside.length} clients beside ${alone.length}`);
  return Math.min(
    ...alone.map(({ inTimeCalls }, client) => {
      if (inTimeCalls === 0) throw new Error(`client ${client} got nothing even without the greedy one`);
      return beside[client]!.inTimeCalls / inTimeCalls;
    }),
  );
}
