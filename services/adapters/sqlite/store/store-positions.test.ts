import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StorePositions } from "./store-positions.ts";
import { makeTestFile, type TestFile } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";

describe("the store's positions in the log", () => {
  let file: TestFile;
  let tables: StoreTables;
  let positions: StorePositions;
  beforeEach(() => {
    file = makeTestFile();
    tables = new StoreTables(file.database);
    tables.create();
    positions = new StorePositions(tables);
  });
  afterEach(() => file.remove());

  it("are 0 at first, and then what was committed, also for the next process", () => {
    expect(positions.positionsOf("log a", 3)).toEqual([0n, 0n, 0n]);
    positions.commit("log a", 1, 17n);
    positions.commit("log a", 1, 2n ** 62n);
    positions.commit("log a", 2, 1n);
    expect(positions.positionsOf("log a", 3)).toEqual([0n, 2n ** 62n, 1n]);
    const next = new StorePositions(new StoreTables(file.database));
    expect(next.positionsOf("log a", 3)).toEqual([0n, 2n ** 62n, 1n]);
    expect(next.positionsOf("log a", 1)).toEqual([0n]);
    expect(next.positionsOf("log a", 4)).toEqual([0n, 2n ** 62n, 1n, 0n]);
  });

  it("begin anew with another log, and are forgotten of the one before", () => {
    positions.commit("log a", 0, 5n);
    expect(positions.positionsOf("log b", 2)).toEqual([0n, 0n]);
    expect(positions.positionsOf("log a", 2)).toEqual([0n, 0n]);
    positions.commit("log a", 1, 7n);
    positions.commit("log b", 0, 3n);
    expect(positions.committed).toEqual([3n]);
    expect(positions.positionsOf("log b", 2)).toEqual([3n, 0n]);
  });

  it("are told as they were committed; none before a log is read", () => {
    expect(positions.committed).toEqual([]);
    positions.positionsOf("log a", 2);
    expect(positions.committed).toEqual([0n, 0n]);
    positions.commit("log a", 1, 9n);
    expect(positions.committed).toEqual([0n, 9n]);
    const next = new StorePositions(tables);
    expect(next.committed).toEqual([]);
  });

  it("stay where a commit fails", () => {
    positions.commit("log a", 0, 5n);
    file.database.exec("CREATE TRIGGER refuse BEFORE INSERT ON positions BEGIN SELECT RAISE(ABORT, 'refused'); END");
    expect(() => positions.commit("log a", 0, 6n)).toThrow();
    expect(() => positions.commit("log b", 0, 6n)).toThrow();
    expect(positions.committed).toEqual([5n]);
    expect(positions.positionsOf("log a", 1)).toEqual([5n]);
  });
});
