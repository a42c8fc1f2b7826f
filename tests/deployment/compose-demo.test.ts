import { describe, expect, it } from "vitest";
import { readGenerateSettings } from "../../cli/generate/generate-settings.ts";
import { compose, environmentOf } from "./compose-file.ts";

const demo = compose.services.demo!;

describe("the service demo", () => {
  it("runs logpulse generate of the image, with settings that it accepts: the usual ones, to the door", () => {
    expect(demo.command).toEqual(["node", "cli/logpulse.js", "generate", "--quiet"]);
    const { target, ...settings } = readGenerateSettings({}, environmentOf(demo), "127.0.0.1:8080");
    expect(target.href).toBe("http://envoy:8080/upload");
    expect({ ...settings, target: undefined }).toEqual({
      ...readGenerateSettings({}, {}, "127.0.0.1:8080"),
      target: undefined,
    });
  });

  it("starts only when it is asked for, and when somebody takes what it sends", () => {
    expect(demo.profiles).toEqual(["demo"]);
    expect(demo.depends_on).toEqual({ envoy: { condition: "service_healthy" } });
  });

  it("can neither change its files nor get more rights", () => {
    expect(demo).toMatchObject({ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] });
  });
});
