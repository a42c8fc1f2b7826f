import { describe, expect, it } from "vitest";
import { RememberedClients } from "./remembered-clients.ts";

const allowed = (tokensLeft: number) => ({ allowed: true, retryAfterMs: 0, tokensLeft });
const refused = (refusedMs: number) => ({ leased: 0, left: 0, refusedMs });

describe("RememberedClients", () => {
  it("admit from a lease until it is used up or its time is over", () => {
    const clients = new RememberedClients(10, 100);
    expect(clients.answer("a", 1, 0)).toBeUndefined();
    const asked = clients.ask("a", 1, 0);
    expect(asked).toEqual({ lease: 10, owed: 0 });
    clients.answered("a", asked, { leased: 10, left: 80, refusedMs: 0 }, 0);
    expect(clients.answer("a", 4, 500)).toEqual(allowed(86));
    expect(clients.answer("a", 7, 500)).toBeUndefined();
    expect(clients.ask("a", 7, 500)).toEqual({ lease: 4, owed: 0 });
    expect(clients.answer("a", 6, 1_000)).toBeUndefined();
  });

  it("ask for one lease at a time, and for none beside a large cost", () => {
    const clients = new RememberedClients(10, 100);
    expect(clients.ask("a", 11, 0).lease).toBe(0);
    const first = clients.ask("a", 1, 0);
    expect([first.lease, clients.ask("a", 1, 0).lease]).toEqual([10, 0]);
    clients.unanswered("a", first);
    expect(clients.ask("a", 1, 0).lease).toBe(10);
  });

  it("repeat a refusal with the time that is left, and ask again after a second", () => {
    const clients = new RememberedClients(10, 100);
    clients.answered("a", clients.ask("a", 1, 0), refused(5_000), 0);
    expect(clients.answer("a", 1, 999.5)).toEqual({ allowed: false, retryAfterMs: 4_001, tokensLeft: 0 });
    expect(clients.answer("a", 1, 1_000)).toBeUndefined();
    clients.answered("a", clients.ask("a", 20, 1_000), refused(50), 1_000);
    expect(clients.answer("a", 1, 1_049)).toEqual({ allowed: false, retryAfterMs: 1, tokensLeft: 0 });
    expect(clients.answer("a", 1, 1_050)).toBeUndefined();
  });

  it("pay what is owed once", () => {
    const clients = new RememberedClients(0, 100);
    clients.owe("a", 5);
    clients.owe("a", 7);
    expect([clients.ask("a", 1, 0).owed, clients.ask("a", 1, 0).owed]).toEqual([12, 0]);
  });

  it("forget the client asked about longest ago when there are too many", () => {
    const clients = new RememberedClients(0, 2);
    for (const name of ["a", "b", "a", "c"]) clients.owe(name, 1);
    expect(["a", "c", "b"].map((name) => clients.ask(name, 1, 0).owed)).toEqual([2, 1, 0]);
    clients.answered("forgotten", { lease: 0, owed: 0 }, refused(0), 0);
  });
});
