import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TerminalScreen } from "../../tests/terminal-screen.ts";
import { textWidth } from "../terminal/text-width.ts";
import { drawTop, type TopScene } from "./draw-top.ts";
import { group, lookOf } from "./top.fixture.ts";
import { topColumns } from "./top-columns.ts";
import { firstView } from "./top-view.ts";

const GROUPS = [
  group("auth", { rate: 1_204, serverErrorShare: 0.0241 }),
  group("cart", { rate: 12, serverErrorShare: 0.5, p50: undefined, p99: undefined, max: undefined }),
  group("", { rate: 0.02 }),
];

const BEHIND = lookOf([group("auth", { rate: undefined })], {
  areRatesAtLeast: true,
  all: group("", { rate: undefined }),
});

const drawn = ({ view, ...more }: Partial<Omit<TopScene, "view">> & { view?: Partial<TopScene["view"]> } = {}) =>
  drawTop({
    look: lookOf(GROUPS),
    columns: topColumns("service"),
    address: "127.0.0.1:8080",
    rangeText: "5m",
    zone: "utc",
    colours: false,
    trouble: undefined,
    size: { rows: 10, columns: 90 },
    ...more,
    view: { ...firstView("rate"), ...view },
  });

const shown = (lines: readonly string[], rows: number, columns: number) => {
  const screen = new TerminalScreen(rows, columns);
  screen.write(lines.join("\r\n"));
  return screen;
};

describe("the screen of top", () => {
  it("has everything", () =>
    expect(drawn().join("\n")).toMatchInlineSnapshot(`
    "logpulse top · 127.0.0.1:8080 · last 5m by service · 10:42:07
    1,204 req/s · 4xx 5.00 % · 5xx 0.10 % · p99 412 ms · complete to 10:42:06.600

      service  ▾req/s     4xx      5xx      p50     p99     max  addresses
    > auth      1,204  5.00 %   2.41 %  12.1 ms  412 ms  8.02 s        120
      cart       12.0  5.00 %  50.00 %        –       –       –        120
      (none)     0.02  5.00 %   0.10 %  12.1 ms  412 ms  8.02 s        120


    q quit · / filter · s or 1-9 sort · r reverse · space pause · Enter tail · ? keys"
  `));

  it("leaves out columns that there is no room for, and cuts names", () => {
    const look = lookOf([group("a-service-with-quite-a-long-name")]);
    expect(drawn({ look, size: { rows: 6, columns: 40 } }).join("\n")).toMatchInlineSnapshot(`
      "logpulse top · 127.0.0.1:8080 · last 5m…
      1,204 req/s · 4xx 5.00 % · 5xx 0.10 % ·…

        service         ▾req/s     4xx     5xx
      > a-service-wit…    4.20  5.00 %  0.10 %
      q quit · / filter · s or 1-9 sort · r r…"
    `);
  });

  it.each([
    ["paused", { view: { isPaused: true } }, 0, /paused at 10:42:07$/],
    ["a filter that is typed", { view: { filter: "ca", isTyping: true } }, 2, /^\/ca▏ {2}Enter keeps it/],
    ["a filter", { view: { filter: "ca" } }, 2, /^services with "ca"$/],
    ["a filter that finds nothing", { view: { filter: "zz" } }, 4, /^No service has "zz" in its name\.$/],
    ["no requests", { look: lookOf([]) }, 4, /^No requests in the last 5m\./],
    [
      "groups that were left out",
      { look: lookOf(GROUPS, { groupsTotal: 1_234 }) },
      2,
      /^the 3 busiest of 1,234 services$/,
    ],
    ["trouble, before all else", { trouble: "gone\u001b[2J", view: { filter: "ca" } }, 2, /^gone␛\[2J$/],
    ["rates that may be higher", { look: lookOf(GROUPS, { areRatesAtLeast: true }) }, 1, /^≥ 1,204 req\/s · /],
    ["the same of rows", { look: lookOf(GROUPS, { areRatesAtLeast: true }) }, 3, /^ {2}service +▾≥ req\/s +4xx/],
    ["rates that nobody knows", { look: BEHIND }, 1, /^– req\/s · 4xx 5\.00 % · /],
    ["the same of a row", { look: BEHIND }, 4, /^> auth +– +5\.00 %/],
    ["what nobody knows", { look: lookOf(GROUPS, { completeToMs: undefined }) }, 1, /· not known how complete$/],
    ["keys", { view: { hasHelp: true } }, 3, /^q, Ctrl-C {4}quit$/],
  ])("tells %s", (_name, more, line, expected) => expect(drawn(more)[line]).toMatch(expected));

  it("marks the chosen row, and what is bad", () => {
    const screen = shown(drawn({ colours: true, view: { chosen: "cart" } }), 10, 90);
    const styles = ["cart", "50.00 %", "2.41 %", "auth", "0.10 %"].map((text) => screen.styleOf(text));
    expect(styles).toEqual(["1", "31", "33", "", ""]);
    expect(screen.lines[5]).toMatch(/^> cart/);
  });

  it("keeps the chosen row on the screen, of many", () => {
    const look = lookOf(Array.from({ length: 100 }, (_, at) => group(`service-${at}`, { rate: 100 - at })));
    for (const chosen of ["service-0", "service-1", "service-50", "service-98", "service-99"]) {
      const lines = drawn({ look, view: { chosen } });
      expect(lines.filter((line) => line.startsWith("> ")).map((line) => line.slice(2).split(" ")[0])).toEqual([
        chosen,
      ]);
      expect(lines.filter((line) => line.includes("service-"))).toHaveLength(5);
    }
  });

  it("fits any screen, whatever names there are", () => {
    const names = fc.array(fc.string({ unit: "binary", maxLength: 40 }), { maxLength: 30 });
    const size = fc.record({ rows: fc.integer({ min: 1, max: 40 }), columns: fc.integer({ min: 8, max: 120 }) });
    const view = fc.record({ hasHelp: fc.boolean(), isTyping: fc.boolean(), filter: fc.string({ unit: "binary" }) });
    fc.assert(
      fc.property(names, size, view, fc.boolean(), (texts, screenSize, viewPart, colours) => {
        const look = lookOf([...new Set(texts)].map((name) => group(name)));
        const lines = drawn({ look, size: screenSize, view: viewPart, colours });
        expect(lines.length).toBe(screenSize.rows);
        for (const line of lines) {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are the only sequences that may be there.
          const plain = line.replace(/\u001b\[[\d;]*m/g, "");
          expect(plain).not.toMatch(/\p{Cc}/u);
          expect(textWidth(plain)).toBeLessThanOrEqual(screenSize.columns);
        }
      }),
    );
  });
});
