import { describe, expect, it } from "vitest";
import { textOf } from "./compose-file.ts";

// Nothing builds the image here, where there is no Docker daemon; the image workflow does, and runs what it built.

/** The instructions, one a line: comments gone, continued lines joined. */
const instructions = textOf("Dockerfile")
  .replace(/^#.*\n/gm, "")
  .replace(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line !== "");
const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith("FROM ")));
const last = (instruction: string) => lastStage.findLast((line) => line.startsWith(`${instruction} `)) ?? "";

describe("Dockerfile", () => {
  it("builds in one stage and runs in another", () => {
    expect(instructions.filter((line) => line.startsWith("FROM "))).toHaveLength(2);
    // The folder of the embedded mode's data, which a new volume takes its owner from.
    expect(lastStage.filter((line) => line.startsWith("RUN "))).toEqual(["RUN mkdir /data && chown 1000:1000 /data"]);
    expect(lastStage.slice(-20)).toEqual(expect.arrayContaining(["VOLUME /data"]));
  });

  it("runs as a user that is not root, given as a number, and gives it no file of the program", () => {
    expect(last("USER")).toMatch(/^USER [1-9]\d*:[1-9]\d*$/);
    expect(lastStage.join("\n")).not.toContain("--chown");
  });

  it("installs what package-lock.json says, without the tools of development and without install scripts", () => {
    const installs = instructions.filter((line) => /npm (ci|install)/.test(line));
    expect(installs).toHaveLength(1);
    expect(installs[0]).toMatch(/npm ci --omit=dev --ignore-scripts/);
    // Kafka's native CRC is an optional package.
    expect(installs[0]).not.toContain("--omit=optional");
  });

  it("copies only what the program runs on", () => {
    const copied = lastStage.filter((line) => line.startsWith("COPY ")).map((line) => line.replace(/ \S+$/, ""));
    expect(copied).toEqual([
      "COPY --from=dependencies /app/node_modules",
      "COPY package.json LICENSE",
      "COPY gen",
      "COPY services",
      "COPY clients",
      "COPY cli",
    ]);
  });

  it("starts Node itself, which then gets SIGTERM, and has a health check without a shell", () => {
    expect(last("CMD")).toBe('CMD ["node", "services/main.ts"]');
    expect(last("HEALTHCHECK")).toMatch(/CMD \["node", "-e", ".*\/healthz.*"\]$/);
    expect(last("EXPOSE")).toBe("EXPOSE 8080");
  });

  it("says what it is", () => {
    expect(last("LABEL")).toContain('org.opencontainers.image.licenses="MIT"');
  });

  it("has no secret in it", () => {
    expect(textOf("Dockerfile")).not.toMatch(/password|secret|token/i);
  });
});

describe(".dockerignore", () => {
  it("leaves out everything but what the Dockerfile copies", () => {
    const [first, ...rules] = textOf(".dockerignore")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(first).toBe("*");
    expect(rules.filter((rule) => rule.startsWith("!")).sort()).toEqual(
      ["!LICENSE", "!cli", "!clients", "!gen", "!package-lock.json", "!package.json", "!services"].sort(),
    );
  });
});
