import { describe, expect, it } from "vitest";
import { readConfig } from "../../services/config.ts";
import { DRAIN_MS_MAX, STOP_NOTICE_MS_DEFAULT } from "../../services/domain/limits.ts";
import { SETTINGS } from "../../services/settings.ts";
import { compose, environmentOf, roles } from "./compose-file.ts";

describe.each(roles)("the role %s", (name, service) => {
  const environment = environmentOf(service);

  it("sets only variables that the program reads", () => {
    for (const key of Object.keys(environment)) expect(Object.keys(SETTINGS)).toContain(key);
  });

  it("has settings that the program accepts", () => {
    const config = readConfig(environment);
    expect(config).toMatchObject({ mode: "full", listen: { host: "0.0.0.0", port: 8080 }, rateLimit: { replicas: 3 } });
    expect(config.roles).toEqual([name.split("-")[0]]);
    if (name.startsWith("worker-")) expect(config.sinks).toEqual([name.slice("worker-".length)]);
  });

  it("finds every server it is told of in this file, and waits for those it cannot work without", () => {
    // A worker administers both stores, and works with its own.
    const others = new Map([
      ["worker-elasticsearch", "mysql"],
      ["worker-mysql", "elasticsearch"],
    ]);
    const isAddress = (key: string) => /_(URL|BROKERS)$/.test(key) && environment[key] !== ""; // Traces go nowhere.
    const addresses = Object.keys(environment).filter(isAddress);
    const told = addresses.map((key) => /(?:^|[/@])([a-z]+):\d+/.exec(environment[key]!)![1]!);
    for (const server of told) expect(compose.services).toHaveProperty(server);
    const needed = told.filter((server) => server !== others.get(name));
    expect(Object.keys(service.depends_on ?? {}).sort()).toEqual(needed.sort());
  });

  it("has time to give notice and to drain, and an init that hands it SIGTERM", () => {
    expect(service.init).toBe(true);
    expect(1000 * Number.parseInt(service.stop_grace_period!, 10)).toBeGreaterThan(
      STOP_NOTICE_MS_DEFAULT + DRAIN_MS_MAX,
    );
    expect(service.stop_grace_period).toMatch(/^\d+s$/);
  });

  it("can neither change its files nor get more rights", () => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] });
  });
});
