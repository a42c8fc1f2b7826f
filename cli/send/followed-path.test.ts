import { appendFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FORGOTTEN_MS, IDLE_MS, World } from "./follow-world.fixture.ts";

const DAY_MS = 25 * 3_600_000; // And a little more: a producer lives for one.

let world: World;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  world = new World();
});
afterEach(async () => {
  await world.remove();
  vi.useRealTimers();
});

describe("a file that is followed", () => {
  it("is waited for, and sent as it grows; a record that might go on is sent after a while", async () => {
    await world.begin();
    expect(world.said).toEqual(["…/app.log: there is no such file yet; waiting for it"]);
    world.log.write(2);
    await world.read();
    world.acknowledgeAll();
    expect(world.messages).toEqual([]);
    await world.pass(IDLE_MS);
    world.acknowledgeAll();
    expect(world.messages).toEqual(["INFO line 0", "INFO line 1"]);
    world.log.write(3, { isTrace: true });
    await world.read();
    await world.pass(IDLE_MS);
    world.acknowledgeAll();
    expect(world.messages.slice(2)).toEqual(["INFO line 2\n\tat line.3\n\tat line.4"]);
  });

  it("is no line before its line break, however long that takes", async () => {
    await world.begin();
    world.log.write(1, { isPartial: true });
    await world.pass(IDLE_MS);
    await world.pass(FORGOTTEN_MS);
    world.log.write(1);
    await world.pass(IDLE_MS);
    await world.pass(IDLE_MS);
    world.acknowledgeAll();
    expect(world.messages).toEqual(["INFO line 0", "INFO part 1INFO line 2"]);
  });

  it.each(["rename", "copy"] as const)(
    "is read to its end when it is rotated away (%s), then the new one",
    async (how) => {
      await world.begin();
      world.log.write(2);
      await world.read();
      world.log.write(2, { isPartial: true });
      await world.rotate(how);
      world.log.write(2);
      await world.end();
      expect(world.storedLines).toEqual(world.writtenLines);
      expect(world.said.slice(1)).toEqual([
        how === "rename"
          ? "…/app.log: it was rotated; going on with the new file"
          : "…/app.log: it was cut or written over; reading it from its beginning; its rest is read from …/app.log.1",
      ]);
    },
  );

  it("is read from its beginning when it was cut to nothing, which is told", async () => {
    await world.begin();
    world.log.write(5);
    await world.pass(IDLE_MS);
    truncateSync(world.log.path);
    world.log.write(2);
    await world.end();
    expect(world.storedLines).toEqual([0, 1, 2, 3, 4, 5, 6].map((line) => `INFO line ${line}`));
    expect(world.said.at(-1)).toBe(
      "…/app.log: it was cut or written over; reading it from its beginning; " +
        "what was added to it just before, if anything, is not sent",
    );
  });

  it("may be longer than before when it was written over", async () => {
    await world.begin();
    world.log.write(1);
    await world.pass(IDLE_MS);
    truncateSync(world.log.path);
    world.log.write(50);
    await world.end();
    expect(world.messages).toHaveLength(51);
  });

  it("goes on where everything was acknowledged", async () => {
    await world.begin();
    world.log.write(4);
    await world.end();
    world.log.write(2);
    await world.end();
    expect(world.messages).toHaveLength(6);
    const saved = world.messages;
    await world.end();
    expect(world.messages).toEqual(saved);
  });

  it("keeps what was read and might go on for the next call", async () => {
    await world.begin({ format: "text" });
    world.log.write(2);
    await world.read();
    await world.stop();
    expect(world.messages).toEqual(["INFO line 0"]);
    appendFileSync(world.log.path, "\tat last\n");
    await world.end();
    expect(world.messages).toEqual(["INFO line 0", "INFO line 1\n\tat last"]);
  });

  it("keeps its format when it is rotated, and when another call goes on", async () => {
    writeFileSync(world.log.path, '{"msg":"a"}\n{"msg":"b"}\n');
    world.log.text = "1";
    await world.begin();
    await world.read();
    await world.pass(IDLE_MS);
    await world.rotate("rename");
    writeFileSync(world.log.path, "plain\n");
    world.log.text = "plain\n";
    await world.end();
    appendFileSync(world.log.path, '{"msg":"c"}\n');
    await world.end();
    expect(world.messages).toEqual(["a", "b", "plain", "c"]);
  });

  it("has its format open while there are few lines that are only text, also for another call", async () => {
    writeFileSync(world.log.path, "Starting\n");
    await world.begin();
    await world.pass(IDLE_MS);
    await world.crash();
    await world.begin();
    appendFileSync(world.log.path, '{"msg":"a"}\n{"msg":"b"}\n');
    await world.end();
    expect(world.messages.sort()).toEqual(["Starting", "a", "b"]);
  });

  it("cannot be gone on with in another way while some of it may be in doubt", async () => {
    world.log.write(2);
    await world.begin();
    await world.read();
    await world.pass(IDLE_MS);
    await world.crash();
    const message = expect.stringContaining("was followed with -s app --format auto and times of UTC so far");
    await expect(world.begin({ service: "other" })).rejects.toMatchObject({ exitCode: 2, message });
    await expect(world.begin({ format: "json" })).rejects.toMatchObject({ exitCode: 2, message });
    await expect(world.begin({ zone: "Asia/Tokyo" })).rejects.toMatchObject({ exitCode: 2, message });
    await world.begin({ zone: "Etc/UTC" });
  });

  it("is not gone on with where it is another one, which is told", async () => {
    world.log.write(2);
    await world.begin();
    await world.end();
    rmSync(world.log.path);
    writeFileSync(world.log.path, "INFO other 1\nINFO other 2\nINFO other 3\n");
    await world.end();
    expect(world.messages.slice(2)).toEqual(["INFO other 1", "INFO other 2", "INFO other 3"]);
    expect(world.said.at(-1)).toMatch(/the file that was acknowledged up to byte 24 is gone/);
  });

  it("cannot be gzip data", async () => {
    writeFileSync(world.log.path, gzipSync("a\n"));
    await world.begin();
    await expect(world.read()).rejects.toThrow("holds gzip data, which cannot be followed");
  });

  it("is the only one that is read of those that are there at first", async () => {
    world.log.write(2);
    await world.rotate("rename");
    const earlier = Date.now() / 1_000 - 2;
    utimesSync(`${world.log.path}.1`, earlier, earlier);
    world.log.write(2);
    await world.end();
    expect(world.storedLines).toEqual(["INFO line 2", "INFO line 3"]);
  });

  it("is named where it was packed while nobody followed", async () => {
    world.log.write(2);
    await world.begin();
    await world.end();
    await world.rotate("rename");
    writeFileSync(`${world.log.path}-20260301.gz`, gzipSync("INFO packed\n"));
    const later = Date.now() / 1_000 + 60;
    utimesSync(`${world.log.path}-20260301.gz`, later, later);
    world.log.write(1);
    await world.end();
    expect(world.storedLines).toEqual(world.writtenLines);
    expect(world.said).toContain(
      "…/app.log-20260301.gz was rotated and packed before it was seen; logpulse send …/app.log-20260301.gz sends it",
    );
  });

  it("keeps the producer of what was sent of its beginning and not acknowledged, also after a day", async () => {
    world.log.write(7);
    await world.begin();
    await world.read();
    await world.pass(IDLE_MS);
    await world.crash();
    await world.begin();
    await world.pass(DAY_MS);
    world.log.write(2);
    await world.end();
    expect(world.storedLines).toEqual(world.writtenLines);
  });

  it.each([0, 300_000])(
    "has no hole as its first line where a program does not append, of %d bytes more",
    async (more) => {
      world.log.write(3);
      await world.begin({ format: "text" });
      await world.read();
      await world.pass(IDLE_MS);
      world.acknowledgeAll();
      truncateSync(world.log.path);
      await world.read();
      writeFileSync(world.log.path, Buffer.concat([Buffer.alloc(36 + more), Buffer.from("INFO a\nINFO b\n")]));
      await world.pass(IDLE_MS);
      await world.crash();
      await world.end();
      expect(world.messages.slice(3).sort()).toEqual(["INFO a", "INFO b"]);
      expect(world.said).toContain(`…/app.log: passed over ${(36 + more).toLocaleString("en")} NULs at its beginning`);
    },
  );

  it("that cannot be read for a while is told once, and gone on with", async () => {
    world.log.write(2);
    await world.begin();
    await world.read();
    const handle = await open(world.log.path);
    const reading = vi.spyOn(Object.getPrototypeOf(handle), "read"); // Disks here do not fail.
    await handle.close();
    const failure = Object.assign(new Error("EIO: i/o error, read"), { code: "EIO", syscall: "read" });
    reading.mockRejectedValueOnce(failure);
    world.log.write(2);
    await world.read();
    reading.mockRejectedValue(failure);
    for (let times = 0; times < 3; times++) await world.read();
    reading.mockRestore();
    await world.end();
    expect(world.storedLines).toEqual(world.writtenLines);
    expect(world.said.filter((text) => text.includes("cannot be read any further: EIO"))).toHaveLength(1);
  });
});
