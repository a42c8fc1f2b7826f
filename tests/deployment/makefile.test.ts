import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compose, ROOT, textOf } from "./compose-file.ts";

const makefile = textOf("Makefile");
const targets = [...makefile.matchAll(/^([a-z-]+): ## (.+)\n((?:\t.+\n)*)/gm)].map(([, name, told, lines]) => ({
  name: name!,
  told: told!,
  lines: lines!.trimEnd().split("\n"),
}));

describe("Makefile", () => {
  it("has what people look for", () => {
    const names = targets.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["run", "stop", "logs", "test", "lint", "load"]));
    expect(/^\.PHONY: (.*)$/m.exec(makefile)![1]!.split(" ")).toEqual(names);
  });

  it.each(targets)("$name is one line", ({ lines }) => {
    expect(lines).toHaveLength(1);
  });

  it("calls scripts that package.json has, and services that docker-compose.yml has", () => {
    const scripts = Object.keys(JSON.parse(textOf("package.json")).scripts);
    for (const [, script] of makefile.matchAll(/npm run ([\w:-]+)/g)) expect(scripts).toContain(script);
    const followed = /logs --follow (.*)$/m.exec(makefile)![1]!.split(" ");
    for (const service of followed) expect(Object.keys(compose.services)).toContain(service);
    for (const [, profile] of makefile.matchAll(/--profile (\S+)/g)) {
      expect(Object.values(compose.services).flatMap(({ profiles = [] }) => profiles)).toContain(profile);
    }
  });

  it("loads by a descriptor set that is there, and a record of the contract", () => {
    const protoset = /--protoset (\S+)/.exec(makefile)![1]!;
    expect(existsSync(join(ROOT, protoset))).toBe(true);
    expect(JSON.parse(/^RECORD = (.*)$/m.exec(makefile)![1]!)).toMatchObject({ records: [{ service: "load" }] });
  });
});
