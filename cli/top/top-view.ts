import { TOP_FILTER_CHARACTERS_MAX } from "../../services/domain/limits.ts";
import type { Key } from "./read-keys.ts";
import { type SortKey, sortedGroups, type TopColumn } from "./top-columns.ts";
import type { TopGroup } from "./top-figures.ts";

/** What is seen, beside the figures. Never changed: each key makes another. */
export interface TopView {
  sort: SortKey;
  isReversed: boolean;
  /** Only names with this text in them, in any case. */
  filter: string;
  /** Keys are written into the filter. */
  isTyping: boolean;
  isPaused: boolean;
  hasHelp: boolean;
  /** The name of the row that is chosen; undefined: the first one, whichever that is. */
  chosen: string | undefined;
}

/** What a key asks for, beside another view. */
export type TopAction = "quit" | "tail" | "look" | "suspend";

/** As it begins. */
export function firstView(sort: SortKey): TopView {
  return { sort, isReversed: false, filter: "", isTyping: false, isPaused: false, hasHelp: false, chosen: undefined };
}

/** The rows of a view, in their order. */
export function shownGroups(groups: readonly TopGroup[], columns: readonly TopColumn[], view: TopView): TopGroup[] {
  const filter = view.filter.toLowerCase();
  const found = groups.filter(({ name }) => name.toLowerCase().includes(filter));
  return sortedGroups(found, columns.find(({ key }) => key === view.sort)!, view.isReversed);
}

/** The place of the chosen row; -1 where there are none. A row that is gone leaves the choice to the first one. */
export function chosenPlace(shown: readonly TopGroup[], { chosen }: TopView): number {
  const place = shown.findIndex(({ name }) => name === chosen);
  return shown.length === 0 ? -1 : Math.max(0, place);
}

/** What a key changes. `shown`: the rows in their order. */
export function pressKey(
  view: TopView,
  key: Key,
  shown: readonly TopGroup[],
  columns: readonly TopColumn[],
): { view: TopView; action?: TopAction } {
  if (key.name === "interrupt") return { view, action: "quit" };
  if (key.name === "suspend") return { view, action: "suspend" };
  if (view.isTyping) return { view: typeIntoFilter(view, key) };
  if (view.hasHelp) return { view: { ...view, hasHelp: false } };
  const steps = STEPS[key.name];
  if (steps !== undefined) return { view: choose(view, shown, steps) };
  if (key.name === "enter") return shown.length === 0 ? { view } : { view, action: "tail" };
  if (key.name === "escape") return { view: { ...view, filter: "" } };
  return key.name === "text" ? pressLetter(view, key.text, shown, columns) : { view };
}

const PAGE_ROWS = 10;
const STEPS: Readonly<Partial<Record<Key["name"], number>>> = {
  up: -1,
  down: 1,
  pageUp: -PAGE_ROWS,
  pageDown: PAGE_ROWS,
  home: Number.NEGATIVE_INFINITY,
  end: Number.POSITIVE_INFINITY,
};

function pressLetter(view: TopView, letter: string, shown: readonly TopGroup[], columns: readonly TopColumn[]) {
  const column = /^[1-9]$/.test(letter) ? columns[Number(letter) - 1] : undefined;
  if (column) return { view: sortBy(view, column.key) };
  switch (letter) {
    case "q":
      return { view, action: "quit" as const };
    case "s":
      return { view: sortBy(view, nextColumn(columns, view.sort)) };
    case "r":
      return { view: { ...view, isReversed: !view.isReversed } };
    case " ":
      return { view: { ...view, isPaused: !view.isPaused }, action: view.isPaused ? ("look" as const) : undefined };
    case "/":
      return { view: { ...view, isTyping: true } };
    case "?":
      return { view: { ...view, hasHelp: true } };
    case "k":
      return { view: choose(view, shown, -1) };
    case "j":
      return { view: choose(view, shown, 1) };
    default:
      return { view };
  }
}

/** A column that is chosen again is turned round. */
function sortBy(view: TopView, sort: SortKey): TopView {
  return { ...view, sort, isReversed: view.sort === sort && !view.isReversed };
}

function nextColumn(columns: readonly TopColumn[], sort: SortKey): SortKey {
  const at = columns.findIndex(({ key }) => key === sort);
  return columns[(at + 1) % columns.length]!.key;
}

function choose(view: TopView, shown: readonly TopGroup[], steps: number): TopView {
  const place = Math.min(Math.max(0, chosenPlace(shown, view) + steps), shown.length - 1);
  return { ...view, chosen: shown[place]?.name };
}

function typeIntoFilter(view: TopView, key: Key): TopView {
  switch (key.name) {
    case "enter":
      return { ...view, isTyping: false };
    case "escape":
      return { ...view, isTyping: false, filter: "" };
    case "backspace":
      return { ...view, filter: Array.from(view.filter).slice(0, -1).join("") };
    case "text":
      return {
        ...view,
        filter: Array.from(view.filter + key.text)
          .slice(0, TOP_FILTER_CHARACTERS_MAX)
          .join(""),
      };
    default:
      return view;
  }
}
