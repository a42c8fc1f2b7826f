import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../services/config.ts";
import { SETTINGS } from "../../services/settings.ts";
import { composeVariables, textOf } from "./compose-file.ts";

const text = textOf(".env.example");
const example = parseEnv(text);
const variables = composeVariables();

describe(".env.example", () => {
  it("has exactly the variables of docker-compose.yml, each once", () => {
    const used = [...new Set(variables.map(({ name }) => name))].sort();
    expect(Object.keys(example).sort()).toEqual(used);
    expect(text.match(/^\w+=/gm)).toHaveLength(used.length);
  });

  it("explains every variable: a comment stands above it, or above the group it stands in", () => {
    for (const group of text.split("\n\n").filter((lines) => /^\w+=/m.test(lines))) expect(group).toMatch(/^#/);
  });

  it("has no password in it", () => {
    expect(example).toMatchObject({ MYSQL_PASSWORD: "", MYSQL_ROOT_PASSWORD: "" });
  });

  it("shows the defaults: those of docker-compose.yml", () => {
    for (const { name, rest } of variables) {
      const usual = /^:-(.+)$/.exec(rest)?.[1];
      if (usual !== undefined) expect({ [name]: example[name] }).toEqual({ [name]: usual });
    }
  });

  it("shows the defaults: those of the program", () => {
    const settings = Object.fromEntries(Object.entries(example).filter(([name]) => Object.hasOwn(SETTINGS, name)));
    expect(Object.keys(settings).length).toBeGreaterThan(10);
    expect(readConfig({ LOGPULSE_MODE: "full", ...settings })).toEqual(readConfig({ LOGPULSE_MODE: "full" }));
  });

  it("is for Compose alone: nothing else reads a file of the name .env", () => {
    expect(textOf(".gitignore").split("\n")).toContain(".env");
    expect(JSON.stringify(JSON.parse(textOf("package.json")).scripts)).not.toContain("env-file");
  });
});
