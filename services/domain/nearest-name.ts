/** The name that was most likely meant: at most two letters of it are other, too many or missing, and a third of all. */
export function nearestName(text: string, names: readonly string[]): string | undefined {
  const typed = text.toLowerCase();
  let nearest: string | undefined;
  let fewest = 3;
  for (const name of names) {
    if (Math.abs(name.length - typed.length) >= fewest) continue; // Also what keeps long texts cheap.
    const steps = editDistance(typed, name);
    if (steps >= fewest || steps * 3 > Math.max(typed.length, name.length)) continue;
    nearest = name;
    fewest = steps;
  }
  return nearest;
}

/** How many letters must be put in, taken out, changed or swapped with the next one. */
function editDistance(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(row[j - 1]! + 1, last[j]! + 1, change, isSwap ? before[j - 2]! + 1 : change));
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
