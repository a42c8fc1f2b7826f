import { describe, expect, it } from "vitest";
import { plotSvg } from "./plot.ts";

const STEPS = [
  { recordsPerSecond: 10_000, p50Ms: 2, p99Ms: 8 },
  { recordsPerSecond: 50_000, p50Ms: 4, p99Ms: 20 },
  { recordsPerSecond: 100_000, p50Ms: 30, p99Ms: 100 },
];

const pointsOf = (svg: string, name: string) =>
  new RegExp(`class="${name}" points="([^"]*)"`)
    .exec(svg)![1]!
    .split(" ")
    .map((point) => point.split(",").map(Number));

describe("a plot", () => {
  const svg = plotSvg({ title: "ladder of a < b", steps: STEPS, knee: 50_000 });

  it("has both axes from zero, in even steps, and says what they are", () => {
    const words = [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
    expect(words).toEqual(expect.arrayContaining(["0", "20", "100", "20 k", "100 k", "records offered per second"]));
    expect(words.filter((text) => text === "0")).toHaveLength(2);
  });

  it("draws each point in proportion", () => {
    const [zero, top] = [360, 82]; // The drawn area's lower and upper end.
    expect(pointsOf(svg, "p99").map(([, y]) => Number(((zero - y!) / (zero - top)).toFixed(3)))).toEqual([
      0.08, 0.2, 1,
    ]);
    expect(pointsOf(svg, "p50").map(([, y]) => Number(((zero - y!) / (zero - top)).toFixed(3)))).toEqual([
      0.02, 0.04, 0.3,
    ]);
    expect(pointsOf(svg, "p99").map(([x]) => (x! - 70) / 650)).toEqual([0.1, 0.5, 1]);
  });

  it("marks the knee where its rate is", () => {
    expect(svg).toContain('<line class="knee" x1="395" x2="395"');
    expect(svg).toContain("knee: 50 k");
    expect(plotSvg({ title: "", steps: STEPS, knee: undefined })).not.toContain("knee:");
  });

  it("takes its title as text", () => {
    expect(svg).toContain("ladder of a &lt; b");
    expect(svg).not.toContain("a < b");
  });
});

it("what is beyond the axis stays at its end, with its value beside it", () => {
  const svg = plotSvg({
    title: "",
    steps: [...STEPS, { recordsPerSecond: 150_000, p50Ms: 900, p99Ms: 4_210 }],
    knee: 1,
  });
  expect(pointsOf(svg, "p99").at(-1)).toEqual([557.5, 82]);
  expect(svg).toContain(">4.2 s<");
  expect(svg).toContain(">900 ms<");
});

it("what stands close beyond the axis has its values in rows of their own, so that each can be read", () => {
  const rates = [100_000, 104_000, 108_000, 150_000];
  const svg = plotSvg({
    title: "",
    steps: rates.map((recordsPerSecond, index) => ({ recordsPerSecond, p50Ms: 1, p99Ms: 1_000 * (index + 1) })),
    knee: undefined,
  });
  const rows = ["1 s", "2 s", "3 s", "4 s"].map((said) =>
    Number(new RegExp(`y="([\\d.]+)"[^>]*>${said}<`).exec(svg)![1]),
  );
  expect(rows).toEqual([75, 62, 49, 75]);
});

it("a step at which nothing was acknowledged has no point", () => {
  const svg = plotSvg({
    title: "",
    steps: [...STEPS, { recordsPerSecond: 1, p50Ms: Number.NaN, p99Ms: Number.NaN }],
    knee: 1,
  });
  expect(pointsOf(svg, "p99")).toHaveLength(STEPS.length);
  expect(svg).not.toContain("NaN");
});
