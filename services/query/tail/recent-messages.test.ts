import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogMessage } from "../../ports/event-log.ts";
import { RecentMessages } from "./recent-messages.ts";

describe("the newest messages of the log", () => {
  const added = fc.array(
    fc.record({ partition: fc.nat(2), skipped: fc.nat(2), bytes: fc.integer({ min: 1, max: 40 }) }),
  );

  it("are the last ones of all partitions that fit, without a gap that nobody knows of", () => {
    fc.assert(
      fc.property(added, fc.integer({ min: 1, max: 200 }), (shapes, bytesMax) => {
        const ends = [5, 0, 100];
        const recents = new RecentMessages(ends, bytesMax);
        const all: LogMessage[] = [];
        for (const { partition, skipped, bytes } of shapes) {
          const offset = ends[partition]! + skipped;
          ends[partition] = offset + 1;
          all.push({ partition, offset: BigInt(offset), bytes: new Uint8Array(bytes) });
          recents.add(all.at(-1)!);
        }
        const forgotten = all.splice(0, forgottenOf(all, bytesMax));
        const starts = [5, 0, 100];
        for (const { partition, offset } of forgotten) starts[partition] = Number(offset) + 1;
        for (let partition = 0; partition < 3; partition++) {
          for (let offset = 0; offset <= ends[partition]! + 1; offset++) {
            const held = all.filter((message) => message.partition === partition && message.offset >= offset);
            expect(recents.from(partition, offset)).toEqual(offset < starts[partition]! ? undefined : held);
          }
        }
      }),
    );
  });

  it("are not given out across messages that are missing", () => {
    const recents = new RecentMessages([0], 1_000);
    const add = (offset: number) => recents.add({ partition: 0, offset: BigInt(offset), bytes: new Uint8Array(1) });
    add(0);
    recents.beginAt(0, 5);
    add(5);
    expect(recents.from(0, 0)).toBeUndefined();
    expect(recents.from(0, 5)).toHaveLength(1);
  });
});

/** How many go, the oldest first, until the rest fits. */
function forgottenOf(all: readonly LogMessage[], bytesMax: number): number {
  let bytes = all.reduce((sum, message) => sum + message.bytes.length, 0);
  let count = 0;
  while (bytes > bytesMax) bytes -= all[count++]!.bytes.length;
  return count;
}
