import type { RecordToBuild } from "../ports/build-logged-batch.ts";
import type { ConditionCase } from "./condition-case.fixture.ts";
import { attribute, hasAttribute, not } from "./conditions.fixture.ts";
import { ATTRIBUTE_VALUE_CHARACTERS_MAX } from "./limits.ts";

const withAttributes = (attributes: NonNullable<RecordToBuild["attributes"]>): RecordToBuild => ({ attributes });

const LONGEST = "x".repeat(ATTRIBUTE_VALUE_CHARACTERS_MAX);

/** Attributes of every shape. */
export const ATTRIBUTE_CASES: ConditionCase[] = [
  {
    title: "attributes by their path: keys with dots, below one another, in lists",
    records: [
      withAttributes({ user: { id: "alice" } }),
      withAttributes({ "user.id": "alice" }),
      withAttributes({ user: [{ id: "bob" }, { id: ["alice", "carol"] }] }),
      withAttributes({ user: "alice" }),
      withAttributes({ user: { id: "Alice" } }),
      withAttributes({ user: { id: null } }),
      withAttributes({}),
      {},
    ],
    asked: [
      [attribute("user.id", "alice"), [0, 1, 2]],
      [attribute("user.id", "carol"), [2]],
      [attribute("user.id", "al", "prefix"), [0, 1, 2]],
      [attribute("user", "alice"), [3]],
      [attribute("user", "a", "prefix"), [3]],
      [attribute("id", "alice"), []],
      [hasAttribute("user"), [3]],
      [hasAttribute("user.id"), [0, 1, 2, 4]],
      [not(hasAttribute("user.id")), [3, 5, 6, 7]],
      [not(attribute("user.id", "alice")), [3, 4, 5, 6, 7]],
    ],
  },
  {
    title: "attributes of every kind as text",
    records: [1, "1", 1.5, true, "true", false, 1e21, 1e-7, 123456789012345680000, 0.1, -1, "", null].map((a) =>
      withAttributes({ a }),
    ),
    asked: [
      [attribute("a", "1"), [0, 1]],
      [attribute("a", "1.0"), []],
      [attribute("a", "1", "prefix"), [0, 1, 2, 6, 7, 8]],
      [attribute("a", "true"), [3, 4]],
      [attribute("a", "f", "prefix"), [5]],
      [attribute("a", "1e+21"), [6]],
      [attribute("a", "1e-7"), [7]],
      [attribute("a", "123456789012345680000"), [8]],
      [attribute("a", "0.1"), [9]],
      [attribute("a", "-1"), [10]],
      [attribute("a", "null"), []],
      [hasAttribute("a"), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ],
  },
  {
    title: "no attribute that is too long, too deep or has NUL in a key",
    records: [
      withAttributes({ a: LONGEST }),
      withAttributes({ a: `${LONGEST}x` }),
      withAttributes({ a: ["short", `${LONGEST}x`] }),
      withAttributes({ a: { "\0": 1, b: "x" }, c: "x" }),
      withAttributes({ "a\0": "x" }),
      withAttributes({ a: { ["k".repeat(8_189)]: "x" }, c: "x" }),
      withAttributes({ a: { ["k".repeat(8_190)]: "x" }, c: "x" }),
    ],
    asked: [
      [attribute("a", LONGEST), [0]],
      [attribute("a", "x", "prefix"), [0]],
      [attribute("a", "short"), [2]],
      [hasAttribute("a"), [0, 2]],
      [hasAttribute("a.b"), []],
      [attribute("c", "x"), [3, 5, 6]],
      [attribute("a\0", "x"), []],
      [attribute(`a.${"k".repeat(8_189)}`, "x"), [5]],
      [attribute(`a.${"k".repeat(8_190)}`, "x"), []],
    ],
  },
  {
    title: "attributes with strange names and values",
    records: [
      withAttributes({ "a*": "1", "": "2", ".": "3", "a b": "4" }),
      withAttributes(JSON.parse('{"__proto__": {"x": "1"}, "constructor": "2"}')),
      withAttributes({ a: "1", ab: "1", a1: "1" }),
      withAttributes({ a: { "": "1" } }),
    ],
    asked: [
      [attribute("a*", "1"), [0]],
      [hasAttribute("a*"), [0]],
      [attribute(".", "3"), [0]],
      [attribute("a b", "4"), [0]],
      [attribute("__proto__.x", "1"), [1]],
      [attribute("constructor", "2"), [1]],
      [hasAttribute("toString"), []],
      [attribute("a", "1"), [2]],
      [attribute("a", "*", "prefix"), []],
      [attribute("a.", "1"), [3]],
      [hasAttribute("a?"), []],
    ],
  },
];
