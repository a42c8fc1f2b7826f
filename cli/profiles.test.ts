import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "./exit-code.ts";
import { profilesPath, readProfiles, writeProfiles } from "./profiles.ts";
import { readAddress } from "./settings.ts";

describe("profiles", () => {
  let environment: Record<string, string>;
  beforeEach(() => {
    environment = { XDG_CONFIG_HOME: mkdtempSync(join(tmpdir(), "logpulse-profiles-")) };
  });
  afterEach(() => rmSync(environment.XDG_CONFIG_HOME!, { recursive: true }));

  const write = (text: string) => {
    mkdirSync(dirname(profilesPath(environment)), { recursive: true });
    writeFileSync(profilesPath(environment), text);
  };

  it("are none without a file", () =>
    expect(readProfiles(environment)).toEqual({ inUse: undefined, addresses: new Map() }));

  it("are read as they were written, by their owner alone", () => {
    const profiles = {
      inUse: "b",
      addresses: new Map([
        ["a", "a:1"],
        ["b", "b:2"],
      ]),
    };
    writeProfiles(environment, profiles);
    expect(readProfiles(environment)).toEqual(profiles);
    expect(statSync(profilesPath(environment)).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(profilesPath(environment)))).toEqual(["profiles.json"]);
  });

  it("stand in ~/.config where XDG_CONFIG_HOME is not set, or empty", () => {
    expect(profilesPath({ HOME: "/home/ann" })).toBe("/home/ann/.config/logpulse/profiles.json");
    expect(profilesPath({ HOME: "/home/ann", XDG_CONFIG_HOME: "" })).toBe("/home/ann/.config/logpulse/profiles.json");
  });

  it.each([
    "",
    "{",
    "[]",
    "null",
    "{}",
    '{"addresses":[]}',
    '{"addresses":{"a":1}}',
    '{"addresses":{"a b":"x:1"}}',
    '{"addresses":{},"inUse":3}',
  ])("%j is an error that names the file", (text) => {
    write(text);
    const message = `${profilesPath(environment)} is not a file of profiles`;
    expect(() => readProfiles(environment)).toThrow(expect.objectContaining({ message, exitCode: EXIT.usage }));
  });

  it("that cannot be written leave nothing behind and say why", () => {
    writeFileSync(join(environment.XDG_CONFIG_HOME!, "logpulse"), "a file where a folder is to be");
    expect(() => writeProfiles(environment, readProfiles(environment))).toThrow(/^the profiles cannot be written: E/);
    expect(readFileSync(join(environment.XDG_CONFIG_HOME!, "logpulse"), "utf8")).toContain("a file");
  });

  describe("the address", () => {
    beforeEach(() =>
      writeProfiles(environment, {
        inUse: "used",
        addresses: new Map([
          ["used", "used:1"],
          ["other", "other:2"],
        ]),
      }),
    );

    it.each([
      [{}, {}, "used:1"],
      [{ profile: "other" }, {}, "other:2"],
      [{ profile: "other" }, { LOGPULSE_ADDR: "env:3" }, "other:2"],
      [{}, { LOGPULSE_ADDR: "env:3" }, "env:3"],
      [{}, { LOGPULSE_ADDR: "" }, "used:1"],
      [{ addr: "flag:4", profile: "other" }, { LOGPULSE_ADDR: "env:3" }, "flag:4"],
      [{ addr: "[::1]:8080" }, {}, "[::1]:8080"],
    ])("%j with %j is %s", (options, more, expected) => {
      expect(readAddress(options, { ...environment, ...more })).toBe(expected);
    });

    it.each([
      [{ profile: "othr" }, {}, 'there is no profile "othr"; did you mean other?'],
      [{ profile: "nothing" }, {}, 'there is no profile "nothing"; there are used, other'],
      [{ addr: "localhost" }, {}, '--addr is "localhost"; it must be HOST:PORT, like 127.0.0.1:8080'],
      [{ addr: "http://a:1" }, {}, '--addr is "http://a:1"; it must be HOST:PORT, like 127.0.0.1:8080'],
      [{ addr: "a:0" }, {}, '--addr is "a:0"; it must be HOST:PORT, like 127.0.0.1:8080'],
      [{ addr: "a:65536" }, {}, '--addr is "a:65536"; it must be HOST:PORT, like 127.0.0.1:8080'],
      [{}, { LOGPULSE_ADDR: "x" }, 'LOGPULSE_ADDR is "x"; it must be HOST:PORT, like 127.0.0.1:8080'],
    ])("%j with %j: %s", (options, more, message) => {
      expect(() => readAddress(options, { ...environment, ...more })).toThrow(expect.objectContaining({ message }));
    });

    it("of a profile that somebody has edited must be one", () => {
      write('{"addresses":{"bad":"http://a:1"},"inUse":"bad"}');
      const message = 'the address of the profile bad is "http://a:1"; it must be HOST:PORT, like 127.0.0.1:8080';
      for (const options of [{}, { profile: "bad" }])
        expect(() => readAddress(options, environment)).toThrow(
          expect.objectContaining({ message, exitCode: EXIT.usage }),
        );
    });

    it("is the usual one without any of it", () => {
      rmSync(dirname(profilesPath(environment)), { recursive: true });
      expect(readAddress({}, environment)).toBe("127.0.0.1:8080");
    });

    it("needs no file of profiles where something else says it", () => {
      write("broken");
      expect(readAddress({ addr: "a:1" }, environment)).toBe("a:1");
      expect(readAddress({}, { ...environment, LOGPULSE_ADDR: "b:2" })).toBe("b:2");
    });
  });
});
