import { describe, expect, it } from "vitest";
import { readKeys } from "./read-keys.ts";
import { group } from "./top.fixture.ts";
import { SORT_KEYS, topColumns } from "./top-columns.ts";
import { chosenPlace, firstView, pressKey, shownGroups, type TopAction, type TopView } from "./top-view.ts";

const COLUMNS = topColumns("service");
const GROUPS = [
  group("auth", { rate: 10, p99: 50, serverErrorShare: 0.2 }),
  group("cart", { rate: 30, p99: undefined }),
  group("pay", { rate: 20, p99: 400 }),
];

const UP = "\u001b[A";
const DOWN = "\u001b[B";

function typed(keys: string, view: TopView = firstView("rate"), groups = GROUPS) {
  const actions: TopAction[] = [];
  for (const key of readKeys(keys)) {
    const pressed = pressKey(view, key, shownGroups(groups, COLUMNS, view), COLUMNS);
    view = pressed.view;
    if (pressed.action) actions.push(pressed.action);
  }
  const shown = shownGroups(groups, COLUMNS, view);
  return { view, actions, names: shown.map(({ name }) => name), chosen: shown[chosenPlace(shown, view)]?.name };
}

describe("the order of rows", () => {
  it.each([
    ["", ["cart", "pay", "auth"]],
    ["r", ["auth", "pay", "cart"]],
    ["rr", ["cart", "pay", "auth"]],
    ["1", ["auth", "cart", "pay"]],
    ["11", ["pay", "cart", "auth"]],
    ["2", ["auth", "pay", "cart"]],
    ["6", ["pay", "auth", "cart"]],
    ["66", ["auth", "pay", "cart"]],
    ["4", ["auth", "cart", "pay"]],
    ["s", ["auth", "cart", "pay"]],
    ["9", ["cart", "pay", "auth"]],
  ])("after %j", (keys, expected) => expect(typed(keys).names).toEqual(expected));

  it("goes round all columns with s", () => {
    const { view } = typed("s".repeat(SORT_KEYS.length));
    expect(view).toEqual(firstView("rate"));
  });
});

describe("the chosen row", () => {
  it.each([
    ["", "cart"],
    [DOWN, "pay"],
    [DOWN + DOWN + DOWN, "auth"],
    [DOWN + UP + UP, "cart"],
    ["jjk", "pay"],
    ["\u001b[F", "auth"],
    ["\u001b[F\u001b[H", "cart"],
    ["\u001b[6~", "auth"],
    ["\u001b[6~\u001b[5~", "cart"],
  ])("after %j", (keys, expected) => expect(typed(keys).chosen).toBe(expected));

  it("stays with its name when the order changes, and is the first one when that is gone", () => {
    const { view } = typed(`${DOWN}1`);
    expect(typed("", view).chosen).toBe("pay");
    expect(typed("", view, GROUPS.slice(0, 2)).chosen).toBe("auth");
    expect(typed("", view, []).chosen).toBeUndefined();
    expect(typed(DOWN, view, []).view.chosen).toBeUndefined();
  });
});

describe("the filter", () => {
  it.each([
    ["/A", ["cart", "pay", "auth"], true],
    ["/AR", ["cart"], true],
    ["/ar\r", ["cart"], false],
    ["/ar\rr", ["cart"], false],
    ["/arx\u007f\r", ["cart"], false],
    ["/zz\r", [], false],
    ["/ar\u001b", ["cart", "pay", "auth"], false],
    ["/ar\r\u001b", ["cart", "pay", "auth"], false],
    ["/q s\r", [], false],
  ])("%j", (keys, expected, isTyping) => {
    const { names, view, actions } = typed(keys);
    expect(names).toEqual(expected);
    expect(view.isTyping).toBe(isTyping);
    expect(actions).toEqual([]);
  });

  it("has a bound", () => expect(typed(`/${"é".repeat(500)}`).view.filter).toBe("é".repeat(100)));
});

describe("what else keys do", () => {
  it.each<[string, TopAction[]]>([
    ["q", ["quit"]],
    ["\u0003", ["quit"]],
    ["/q\u0003", ["quit"]],
    ["?\u0003", ["quit"]],
    ["\u001a", ["suspend"]],
    ["\r", ["tail"]],
    ["/zz\r\r", []],
    ["  ", ["look"]],
    ["xyzäQ\u0001", []],
  ])("%j asks for %j", (keys, expected) => expect(typed(keys).actions).toEqual(expected));

  it("pauses, and goes on", () => {
    expect(typed(" ").view.isPaused).toBe(true);
    expect(typed("  ").view.isPaused).toBe(false);
  });

  it("shows the keys, until one is pressed, which does nothing else", () => {
    expect(typed("?").view.hasHelp).toBe(true);
    expect(typed("?q")).toMatchObject({ view: { hasHelp: false }, actions: [] });
  });
});
