import { describe, expect, it } from "vitest";
import { LogPulseError } from "../../domain/errors.ts";
import { timedPort } from "./timed-port.ts";

class Store {
  readonly name = "s";
  private calls = 0;

  get asked(): number {
    return this.calls;
  }

  async get(key: string): Promise<string> {
    this.calls++;
    if (key === "") throw new LogPulseError("store_unavailable", "away");
    if (key === "bug") throw new TypeError("bug");
    return `value of ${key}`;
  }

  async check(): Promise<void> {
    this.calls++;
  }
}

describe("a timed port", () => {
  it("answers and fails as the port does, and tells how each call ended", async () => {
    const told: object[] = [];
    const take = (seconds: number, labels: object) => {
      expect(seconds).toBeGreaterThanOrEqual(0);
      told.push(labels);
    };
    const store = timedPort(new Store(), ["get"], take, { store: "s" });
    expect(await store.get("a")).toBe("value of a");
    await expect(store.get("")).rejects.toThrow("away");
    await expect(store.get("bug")).rejects.toThrow(TypeError);
    await store.check();
    expect([store.name, store.asked]).toEqual(["s", 4]);
    expect(told).toEqual([
      { store: "s", operation: "get", outcome: "ok" },
      { store: "s", operation: "get", outcome: "store_unavailable" },
      { store: "s", operation: "get", outcome: "bug" },
    ]);
  });
});
