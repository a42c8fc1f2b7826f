import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FORGOTTEN_MS, IDLE_MS, World } from "./follow-world.fixture.ts";

let world: World;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  world = new World();
  world.log.write(5);
});
afterEach(async () => {
  await world.remove();
  vi.useRealTimers();
});

/** Follows it until everything is acknowledged, and ends. */
async function followAll(): Promise<void> {
  await world.begin();
  await world.read();
  await world.pass(IDLE_MS);
  await world.stop();
}

/** The path leads elsewhere while `act` goes on. */
async function without(act: () => Promise<void>, instead: (path: string) => void = () => undefined): Promise<void> {
  const { path } = world.log;
  const elsewhere = join(world.folder, "elsewhere");
  mkdirSync(elsewhere);
  renameSync(path, join(elsewhere, "app.log"));
  instead(path);
  await act();
  rmSync(path, { force: true });
  renameSync(join(elsewhere, "app.log"), path);
}

describe("a file that was read and comes back is gone on with", () => {
  it.each([
    ["it is not there at the start", () => undefined, "the file that was acknowledged up to byte 60 is gone"],
    ["it cannot be looked at then", (path: string) => symlinkSync(path, path), "cannot be read: ELOOP"],
  ])("where %s", async (_name, instead, said) => {
    await followAll();
    await without(async () => {
      await world.begin();
      await world.read();
      await world.read();
    }, instead);
    world.log.write(1);
    await world.end();
    expect(world.storedLines).toEqual(world.writtenLines);
    expect(world.said.filter((text) => text.includes(said))).toHaveLength(1);
  });

  it("where a call came and went while it was not there", async () => {
    await followAll();
    await without(async () => {
      await world.begin();
      await world.stop();
    });
    world.log.write(1);
    await world.end();
    expect(world.storedLines).toEqual(world.writtenLines);
  });

  it("where the number of its device has changed", async () => {
    await followAll();
    world.positions = world.positions.replace(/"device":"\d+"/, '"device":"99999"');
    world.log.write(1);
    await world.end();
    expect(world.storedLines).toEqual(world.writtenLines);
  });

  it("where an older version has noted it", async () => {
    await followAll();
    world.positions = world.positions.replace(/"zone":"UTC",/, "");
    world.log.write(1);
    await world.begin({ zone: "Asia/Tokyo" }); // Nobody knows which it was.
    await world.end();
    expect(world.storedLines).toEqual(world.writtenLines);
  });

  it("where it was moved away for long, and grew meanwhile, which is read at once", async () => {
    await world.begin();
    await world.pass(IDLE_MS);
    world.log.moveAway();
    await world.pass(FORGOTTEN_MS);
    world.log.write(2);
    await world.pass(FORGOTTEN_MS);
    await world.pass(FORGOTTEN_MS);
    world.acknowledgeAll();
    expect(world.storedLines).toEqual(world.writtenLines);
    world.log.moveBack();
    world.log.write(2);
    await world.end();
    expect(world.storedLines).toEqual(world.writtenLines);
  });

  it.each([true, false])(
    "where another one stood in its place for long; acknowledged meanwhile: %s",
    async (isAcknowledged) => {
      const { path } = world.log;
      const point = (name: string) => {
        rmSync(path, { force: true });
        symlinkSync(name, path);
      };
      const fileOf = (name: string, text: string) => writeFileSync(join(world.folder, name), text, { flag: "a" });
      fileOf("one", "INFO one 1\n");
      fileOf("two", "INFO two 1\n");
      point("one");
      await world.begin();
      await world.pass(IDLE_MS);
      point("two");
      for (let times = 0; times < 3; times++) await world.pass(FORGOTTEN_MS);
      if (isAcknowledged) world.acknowledgeAll();
      await world.read();
      point("one");
      fileOf("one", "INFO one 2\n");
      await world.read();
      world.acknowledgeAll();
      await world.end();
      expect(world.storedLines).toEqual(["INFO one 1", "INFO one 2", "INFO two 1"]);
    },
  );
});

describe("what is no other file", () => {
  it("is a copy that was made while nobody followed", async () => {
    await followAll();
    world.log.write(3);
    world.log.backUp();
    world.log.write(3);
    world.log.backUp();
    await world.end();
    expect(world.storedLines).toEqual(world.writtenLines);
  });

  it("is one that has the same first bytes and another end: that one is sent", async () => {
    const banner = `INFO ${"=".repeat(2_000)}\n`;
    writeFileSync(world.log.path, `${banner}INFO one 1\nINFO one 2\n`);
    await followAll();
    writeFileSync(`${world.log.path}.1`, `${banner}INFO two 1\n`);
    await world.end();
    expect(world.storedLines).toContain("INFO two 1");
  });

  it("is a packed one that was read; one that was not is told", async () => {
    await followAll();
    const packed = gzipSync(readFileSync(world.log.path));
    world.log.rotate("rename");
    rmSync(`${world.log.path}.1`);
    world.log.write(1);
    const later = Date.now() / 1_000 + 60;
    for (const [name, bytes] of [
      ["1", packed],
      ["2", gzipSync("INFO unseen\n")],
    ] as const) {
      writeFileSync(`${world.log.path}.${name}.gz`, bytes);
      utimesSync(`${world.log.path}.${name}.gz`, later, later);
    }
    await world.end();
    expect(world.storedLines).toEqual(world.writtenLines);
    const told = world.said.filter((text) => text.includes("packed before it was seen"));
    expect(told).toEqual([expect.stringContaining("app.log.2.gz was rotated and packed")]);
  });
});
