import { describe, expect, it } from "vitest";
import { HourSum } from "./hour-sum.ts";
import { HyperLogLog } from "./hyperloglog.ts";
import { HOUR_SUM_SERIES_MAX, HOUR_SUM_SERVICES_MAX } from "./limits.ts";
import { addRequest, newTally, type Tally } from "./rollup.ts";

function tallyOf(...statuses: number[]): Tally {
  const tally = newTally();
  const empty = new Uint8Array();
  for (const status of statuses) {
    const http = { clientIp: empty, method: empty, path: empty, status, latencyNanos: 5n, responseBytes: 10n };
    addRequest(tally, http);
  }
  return tally;
}

function sketchOf(...addresses: string[]): Uint8Array {
  const sketch = new HyperLogLog();
  for (const address of addresses) sketch.add(address);
  return sketch.encode();
}

describe("the sum of an hour", () => {
  it("adds up what is of one series, and everything", () => {
    const sum = new HourSum();
    sum.addSeries("a", "cart", "/a", tallyOf(200, 200));
    sum.addSeries("b", "cart", "/b", tallyOf(404));
    sum.addSeries("a", "cart", "/a", tallyOf(500));
    expect([...sum.series].map(([key, { service, path, tally }]) => [key, service, path, tally.requests])).toEqual([
      ["a", "cart", "/a", 3],
      ["b", "cart", "/b", 1],
    ]);
    const [all] = sum.groups({ service: false, path: false });
    expect(all).toMatchObject({ service: "", path: "", tally: { requests: 4, responseBytes: 40n, latencyCount: 4 } });
    expect(all!.tally.statuses).toEqual(
      new Map([
        [200, 2],
        [404, 1],
        [500, 1],
      ]),
    );
    expect(all!.tally.latencyBuckets.count).toBe(4);
  });

  it("tells apart what it is asked to", () => {
    const sum = new HourSum();
    sum.addSeries("a", "cart", "/a", tallyOf(200, 200));
    sum.addSeries("b", "cart", "/b", tallyOf(404));
    sum.addSeries("c", "shop", "/a", tallyOf(500));
    const told = (service: boolean, path: boolean) =>
      sum.groups({ service, path }).map((group) => `${group.service} ${group.path} ${group.tally.requests}`);
    expect(told(true, true)).toEqual(["cart /a 2", "cart /b 1", "shop /a 1"]);
    expect(told(true, false)).toEqual(["cart  3", "shop  1"]);
    expect(told(false, true)).toEqual([" /a 3", " /b 1"]);
    expect(told(false, false)).toEqual(["  4"]);
    expect(told(true, true)).toEqual(["cart /a 2", "cart /b 1", "shop /a 1"]); // Nothing was added to what it has.
  });

  it("has nothing of an hour without requests", () => {
    expect(new HourSum().groups({ service: false, path: false })).toEqual([]);
  });

  it("counts an address of several minutes once", () => {
    const sum = new HourSum();
    sum.addClients("cart", sketchOf("10.0.0.1", "10.0.0.2"));
    sum.addClients("cart", sketchOf("10.0.0.2", "10.0.0.3"));
    sum.addClients("shop", sketchOf("10.0.0.1"));
    expect([...sum.clients].map(([service, clients]) => [service, Math.round(clients.estimate())])).toEqual([
      ["cart", 3],
      ["shop", 1],
    ]);
  });

  it("leaves alone what it was given", () => {
    const sum = new HourSum();
    const first = tallyOf(200);
    sum.addSeries("a", "cart", "/a", first);
    sum.addSeries("a", "cart", "/a", tallyOf(200));
    expect(first.requests).toBe(1);
  });

  it("says when it is too much", () => {
    const series = new HourSum();
    for (let index = 0; index < HOUR_SUM_SERIES_MAX; index++) series.addSeries(`${index}`, "s", `/${index}`, tallyOf());
    expect(series.isTooMuch).toBe(false);
    series.addSeries("one more", "s", "/", tallyOf());
    expect(series.isTooMuch).toBe(true);

    const services = new HourSum();
    for (let index = 0; index <= HOUR_SUM_SERVICES_MAX; index++) services.addClients(`${index}`, new Uint8Array());
    expect(services.isTooMuch).toBe(true);
  });
});
