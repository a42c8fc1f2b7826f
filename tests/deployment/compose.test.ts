import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { compose, composeVariables, roles } from "./compose-file.ts";

// There is no Docker daemon where these tests run: nothing here starts a container. The file is checked against the
// schema of the Compose Specification and against our own rules; the lint workflow also has Docker read it.

const services = Object.entries(compose.services);

describe("docker-compose.yml", () => {
  it("keeps the schema of the Compose Specification", () => {
    // The schema travels in the npm package dclint.
    const file = new URL("../schemas/compose.schema.json", import.meta.resolve("dclint"));
    const { $schema, ...schema } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    expect($schema).toContain("draft-07"); // Written with https there, a name that ajv does not know for its own dialect.
    const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
    validate(compose);
    expect(validate.errors ?? []).toEqual([]);
    // The schema is a strict one: what is misspelt is found.
    expect(validate({ services: { envoy: { image: "envoy", helthcheck: {} } } })).toBe(false);
  });

  it("has the servers, the four roles with one worker per store, the door, Kibana, and load", () => {
    expect(services.map(([name]) => name).sort()).toEqual(
      ["elasticsearch", "envoy", "ingest", "kafka", "kibana", "kibana-setup", "mysql", "query", "redis", "stats"]
        .concat("demo", "worker-elasticsearch", "worker-mysql")
        .sort(),
    );
  });

  it.each(services)("%s publishes ports on 127.0.0.1 only", (_, service) => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z]+_PORT:-\d+\}:\d+$/);
  });

  it("publishes no store, whose passwords are few, and no role, which believes its neighbours", () => {
    const published = services.filter(([, service]) => service.ports).map(([name]) => name);
    expect(published.sort()).toEqual(["envoy", "kafka", "kibana"]);
  });

  it.each(services)("%s has a health check, or says why not", (_, service) => {
    if (service["x-no-healthcheck"] === undefined) expect(service.healthcheck!.test[0]).toMatch(/^CMD(-SHELL)?$/);
    else
      expect([service.healthcheck?.test ?? ["NONE"], service["x-no-healthcheck"]]).toEqual([
        ["NONE"],
        expect.stringMatching(/\w/),
      ]);
  });

  it.each(services)("%s waits until its servers are healthy, and needs none of another profile", (_, service) => {
    for (const [server, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(condition).toBe("service_healthy");
      expect(compose.services[server]!.healthcheck).toBeDefined();
      expect(compose.services[server]!.profiles).toEqual(
        service.profiles && server === "kibana" ? service.profiles : undefined,
      );
    }
  });

  it.each(services)("%s has a memory limit, starts again after a crash, and rotates its log", (name, service) => {
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    expect(service.restart).toBe(name === "kibana-setup" ? "no" : "unless-stopped");
    expect(service).toMatchObject({ logging: { options: { "max-size": "10m" } } });
  });

  it("keeps what the servers store in named volumes", () => {
    const used = services.flatMap(([, service]) => service.volumes ?? []).filter((volume) => !volume.startsWith("./"));
    expect(used.map((volume) => volume.split(":")[0]).sort()).toEqual(Object.keys(compose.volumes).sort());
    expect(Object.keys(compose.volumes)).toEqual(["kafka-data", "elasticsearch-data", "mysql-data", "redis-data"]);
  });

  it("builds the image once, however many services run it", () => {
    expect(services.filter(([, service]) => service.build).map(([name]) => name)).toEqual(["ingest"]);
    const ours = services.filter(([, { image }]) => image.startsWith("${"));
    expect(new Set(ours.map(([, { image }]) => image)).size).toBe(1);
    expect(ours.map(([name]) => name).sort()).toEqual(["demo", ...roles.map(([name]) => name)].sort());
    expect(roles).toHaveLength(5);
  });
});

describe("passwords", () => {
  const secrets = composeVariables().filter(({ name }) => /PASSWORD/.test(name));

  it("come from .env, and without them Compose refuses with a sentence that helps", () => {
    expect(secrets.map(({ name }) => name).sort()).toEqual(["MYSQL_PASSWORD", "MYSQL_ROOT_PASSWORD"]);
    for (const { rest } of secrets) expect(rest).toMatch(/^:\?.*\.env/);
  });

  it("are told only to those who log in", () => {
    const told = services.filter(([, service]) => JSON.stringify(service.environment ?? {}).includes("PASSWORD:?"));
    expect(told.map(([name]) => name).sort()).toEqual([
      "mysql",
      "query",
      "stats",
      "worker-elasticsearch",
      "worker-mysql",
    ]);
  });
});
