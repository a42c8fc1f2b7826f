/** What one client got. */
export interface Got {
  acknowledgedCalls: number;
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
    ...alone.map(({ acknowledgedCalls }, client) => {
      if (acknowledgedCalls === 0) throw new Error(`client ${client} got nothing even without the greedy one`);
      return beside[client]!.acknowledgedCalls / acknowledgedCalls;
    }),
  );
}
