/** A point of each line: what was offered, and how long acknowledgements took. */
export interface PlotStep {
  recordsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
}

/** What is drawn. */
export interface Plot {
  title: string;
  /** Ascending by rate. */
  steps: readonly PlotStep[];
  /** The rate of the knee; undefined where no step holds. */
  knee: number | undefined;
}

const [WIDTH, HEIGHT] = [760, 420];
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 40, 82, 60]; // Around the drawn area; half of the last tick's text is right of it.
const MS_AXIS_MIN = 50;
const MS_AXIS_MAX = 400; // Beyond it, a line leaves the area and its point says how long it took.
const TICKS = 5;
const LABEL_WIDTH = 46; // Of what a point beyond the area says, with some air.
/** How far below its point the words of a line stand: in the first of these rows that is free there. */
const LABEL_ROWS = { p99: [-7, -20, -33], p50: [16, 29, 42] };

/**
 * An SVG picture of latency against rate, both axes from zero. Colours are such that it can be read on light and dark
 * pages; nothing in it is loaded from elsewhere.
 */
export function plotSvg(plot: Plot): string {
  const axes = axesOf(plot.steps);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escaped(plot.title)}</title>`,
    STYLE,
    `<text x="${LEFT}" y="24" class="title">${escaped(plot.title)}</text>`,
    ...legend(),
    ...grid(axes),
    ...(plot.knee === undefined ? [] : kneeMark(axes, plot.knee)),
    ...line(axes, plot.steps, "p99", ({ p99Ms }) => p99Ms),
    ...line(axes, plot.steps, "p50", ({ p50Ms }) => p50Ms),
    "</svg>",
  ].join("\n")}\n`;
}

/** Each class has a colour for light pages, and one for dark ones. */
const STYLE = `<style>
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-size: 14px; font-weight: 600 }
.grid { stroke: #8886; stroke-width: 1 }
.p50, .p99, .knee { fill: none; stroke-width: 2 }
.p50 { stroke: #0a7d4f } .p99 { stroke: #b8460b } .knee { stroke: #5b4bc4; stroke-dasharray: 5 4 }
.dot50 { fill: #0a7d4f } .dot99 { fill: #b8460b } .said { fill: #5b4bc4 }
@media (prefers-color-scheme: dark) {
text { fill: #ddd }
.p50 { stroke: #3ecf95 } .p99 { stroke: #ff9457 } .knee { stroke: #a99cff }
.dot50 { fill: #3ecf95 } .dot99 { fill: #ff9457 } .said { fill: #a99cff }
}
</style>`;

interface Axes {
  rateMax: number;
  msMax: number;
  x(rate: number): number;
  y(ms: number): number;
}

function axesOf(steps: readonly PlotStep[]): Axes {
  const rateMax = tickOf(Math.max(1, ...steps.map(({ recordsPerSecond }) => recordsPerSecond)) / TICKS) * TICKS;
  const slowest = Math.max(MS_AXIS_MIN, ...steps.map(({ p99Ms }) => p99Ms).filter(Number.isFinite));
  const msMax = tickOf(Math.min(MS_AXIS_MAX, slowest) / TICKS) * TICKS;
  return {
    rateMax,
    msMax,
    x: (rate) => round(LEFT + (rate / rateMax) * (WIDTH - LEFT - RIGHT)),
    y: (ms) => round(HEIGHT - BOTTOM - (Math.min(ms, msMax) / msMax) * (HEIGHT - TOP - BOTTOM)),
  };
}

/** The smallest of 1, 2, 2.5, 4, 5 and 8 times a power of ten that is not below. */
function tickOf(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 2.5, 4, 5, 8, 10].map((factor) => factor * power).find((tick) => tick >= least - 1e-9)!;
}

function grid({ rateMax, msMax, x, y }: Axes): string[] {
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => index / TICKS);
  return [
    ...ticks.flatMap((share) => [
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(share * msMax)}" y2="${y(share * msMax)}"/>`,
      `<text x="${LEFT - 8}" y="${y(share * msMax) + 4}" text-anchor="end">${round(share * msMax)}</text>`,
      `<line class="grid" x1="${x(share * rateMax)}" x2="${x(share * rateMax)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`,
      `<text x="${x(share * rateMax)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${inThousands(share * rateMax)}</text>`,
    ]),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 16}" text-anchor="middle">records offered per second</text>`,
    `<text transform="translate(18 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">acknowledged after, ms</text>`,
  ];
}

function kneeMark({ rateMax, x }: Axes, knee: number): string[] {
  const isRight = knee > rateMax / 2; // Its words stand on the side with more room.
  return [
    `<line class="knee" x1="${x(knee)}" x2="${x(knee)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`,
    `<text class="said" x="${x(knee) + (isRight ? -6 : 6)}" y="${TOP + 14}" text-anchor="${isRight ? "end" : "start"}">` +
      `knee: ${inThousands(knee)}</text>`,
  ];
}

function line(axes: Axes, steps: readonly PlotStep[], name: "p50" | "p99", msOf: (step: PlotStep) => number): string[] {
  const points = steps
    .filter((step) => Number.isFinite(msOf(step)))
    .map((step) => ({ x: axes.x(step.recordsPerSecond), y: axes.y(msOf(step)), ms: msOf(step) }));
  return [
    `<polyline class="${name}" points="${points.map(({ x, y }) => `${x},${y}`).join(" ")}"/>`,
    ...points.map(({ x, y }) => `<circle class="dot${name.slice(1)}" cx="${x}" cy="${y}" r="3.5"/>`),
    ...labels(
      points.filter(({ ms }) => ms > axes.msMax),
      LABEL_ROWS[name],
    ),
  ];
}

interface Point {
  x: number;
  y: number;
  ms: number;
}

/** What the points that are cut off say. Ascending by x: one that would stand on its neighbour goes to the next row. */
function labels(points: readonly Point[], rows: readonly number[]): string[] {
  const lastOfRow = rows.map(() => -Infinity);
  return points.map(({ x, y, ms }) => {
    const free = lastOfRow.findIndex((last) => x - last >= LABEL_WIDTH);
    const row = free >= 0 ? free : lastOfRow.indexOf(Math.min(...lastOfRow));
    lastOfRow[row] = x;
    return `<text x="${x}" y="${y + rows[row]!}" text-anchor="middle">${inSeconds(ms)}</text>`;
  });
}

function legend(): string[] {
  return [
    `<line class="p99" x1="${LEFT}" x2="${LEFT + 24}" y1="38" y2="38"/><text x="${LEFT + 30}" y="42">p99</text>`,
    `<line class="p50" x1="${LEFT + 70}" x2="${LEFT + 94}" y1="38" y2="38"/><text x="${LEFT + 100}" y="42">p50</text>`,
  ];
}

const round = (value: number) => Number(value.toFixed(1));
const inThousands = (value: number) => (value >= 1_000 ? `${round(value / 1_000)} k` : String(Math.round(value)));
const inSeconds = (ms: number) => (ms >= 1_000 ? `${round(ms / 1_000)} s` : `${Math.round(ms)} ms`);

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
