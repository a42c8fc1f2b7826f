import type { TailPlace } from "../../domain/tail-cursor.ts";

/** So many gaps are known apart; where there were more, what lies before them counts as not passed. */
const GAPS_MAX = 100;

interface Gap {
  from: TailPlace;
  until: TailPlace;
}

/** What a tail has gone over on its connection, shown or not: everything from where it began, but for the gaps. */
export class PassedPlaces {
  private readonly starts: TailPlace[];
  private readonly gaps: Gap[][];

  /** By partition, where the tail begins. */
  constructor(starts: readonly TailPlace[]) {
    this.starts = starts.map((place) => ({ ...place }));
    this.gaps = starts.map(() => []);
  }

  /** It begins later in that partition. */
  beginAt(partition: number, place: TailPlace): void {
    this.starts[partition] = { ...place };
  }

  /** What lies between is left out. */
  addGap(partition: number, from: TailPlace, until: TailPlace): void {
    if (!isBefore(from, until)) return;
    const gaps = this.gaps[partition]!;
    gaps.push({ from: { ...from }, until: { ...until } });
    if (gaps.length > GAPS_MAX) this.beginAt(partition, gaps.shift()!.until);
  }

  /** Of a place before the one where the tail stands now: whether it went over it. */
  has(partition: number, place: TailPlace): boolean {
    if (isBefore(place, this.starts[partition]!)) return false;
    return !this.gaps[partition]!.some(({ from, until }) => !isBefore(place, from) && isBefore(place, until));
  }

  /** The same of all messages from the one to the other, both included. */
  hasMessages(partition: number, first: number, last: number): boolean {
    const start = { offset: first, index: 0 };
    const end = { offset: last + 1, index: 0 };
    if (isBefore(start, this.starts[partition]!)) return false;
    return !this.gaps[partition]!.some(({ from, until }) => isBefore(from, end) && isBefore(start, until));
  }
}

/** Whether the one place comes before the other, in one partition. */
export function isBefore(one: TailPlace, other: TailPlace): boolean {
  return one.offset < other.offset || (one.offset === other.offset && one.index < other.index);
}
