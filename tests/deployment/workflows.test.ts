import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT, textOf } from "./compose-file.ts";

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}

interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<string, { if?: string; "timeout-minutes": number; permissions?: Record<string, string>; steps: Step[] }>;
}

const folder = ".github/workflows";
const names = readdirSync(join(ROOT, folder)).sort();
const workflow = (name: string) => parse(textOf(`${folder}/${name}`)) as Workflow;
const stepsOf = (name: string) => Object.values(workflow(name).jobs).flatMap((job) => job.steps);
const scripts = Object.keys(JSON.parse(textOf("package.json")).scripts);

it("there are three workflows", () => {
  expect(names).toEqual(["image.yml", "lint.yml", "test.yml"]);
});

describe.each(names)("the workflow %s", (name) => {
  it("pins every action to a commit and names its version", () => {
    const lines = textOf(`${folder}/${name}`).match(/uses: .*/g) ?? [];
    expect(lines.length).toBe(stepsOf(name).filter((step) => step.uses).length);
    for (const line of lines) expect(line).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("may read the repository and no more, and every job ends by itself", () => {
    expect(workflow(name).permissions).toEqual({ contents: "read" });
    for (const job of Object.values(workflow(name).jobs)) expect(job["timeout-minutes"]).toBeLessThanOrEqual(60);
  });

  it("leaves no credentials in the work tree", () => {
    for (const step of stepsOf(name).filter(({ uses }) => uses?.startsWith("actions/checkout@"))) {
      expect(step.with).toMatchObject({ "persist-credentials": false });
    }
  });

  it("runs scripts that package.json has", () => {
    const called = stepsOf(name).flatMap(({ run = "" }) => [...run.matchAll(/npm run ([\w:-]+)/g)]);
    for (const [, script] of called) expect(scripts).toContain(script);
  });

  it("puts nothing that strangers can write into a shell", () => {
    for (const { run = "" } of stepsOf(name)) expect(run).not.toContain("${{");
  });
});

it("lint checks code, contract and types, and that gen/ is fresh", () => {
  const run = stepsOf("lint.yml").map((step) => step.run ?? "");
  expect(run).toContain("npm run lint");
  expect(run.some((line) => /npm run gen && git diff --exit-code/.test(line))).toBe(true);
});

it("test installs the real servers and then takes none for missing", () => {
  const steps = stepsOf("test.yml");
  expect(steps.findIndex(({ run = "" }) => run.includes("npm run stack:install"))).toBeGreaterThan(0);
  expect(steps.at(-1)).toEqual({ run: "npm test", env: { CI: "true" } });
});

it("image is pushed for a version's tag alone, by the only job that may", () => {
  const { jobs, on } = workflow("image.yml");
  expect(on.push).toEqual({ branches: ["main"], tags: ["v*.*.*"] });
  for (const [name, job] of Object.entries(jobs)) {
    const pushes = job.steps.some((step) => step.with?.push === true || step.uses?.startsWith("docker/login-action@"));
    expect({ [name]: pushes }).toEqual({ [name]: job.if === "github.ref_type == 'tag'" });
    expect(job.permissions).toEqual(pushes ? { contents: "read", packages: "write" } : undefined);
  }
});
