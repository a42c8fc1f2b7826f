/** One side of a comparison: runs once and gives what it measured. */
export interface Side<Round> {
  name: string;
  round(): Promise<Round>;
}

/**
 * Runs all sides so many times, there and back again (A B B A A B …), so that a machine that gets slower or faster
 * meanwhile does so for all of them. `told`: after each round. Gives each side's rounds by its name.
 */
export async function interleaved<Round>(
  sides: readonly Side<Round>[],
  rounds: number,
  told: (side: string, round: Round) => void = () => {},
): Promise<Map<string, Round[]>> {
  const found = new Map<string, Round[]>(sides.map(({ name }) => [name, []]));
  for (let turn = 0; turn < rounds; turn++) {
    for (const side of turn % 2 === 0 ? sides : sides.toReversed()) {
      const round = await side.round();
      found.get(side.name)!.push(round);
      told(side.name, round);
    }
  }
  return found;
}
