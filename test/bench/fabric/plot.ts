/** A line plot as SVG: a few series over one axis each way, both from zero. */
export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = { left: 70, right: 90, top: 36, bottom: 46 };
const STEPS = 5;

export function plot(title: string, xLabel: string, yLabel: string, series: readonly Series[]): string {
  const all = series.flatMap(({ points }) => points);
  const maxX = niceCeiling(Math.max(...all.map(([x]) => x), 1));
  const maxY = niceCeiling(Math.max(...all.map(([, y]) => y), 1));
  const x = (value: number): number => MARGIN.left + (value / maxX) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number): number =>
    HEIGHT - MARGIN.bottom - (value / maxY) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const steps = Array.from({ length: STEPS + 1 }, (_, i) => i / STEPS);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(WIDTH / 2, 20, title, 'middle', 'font-size="14"'),
    text(WIDTH / 2, HEIGHT - 8, xLabel, 'middle'),
    text(14, HEIGHT / 2, yLabel, 'middle', `transform="rotate(-90 14 ${HEIGHT / 2})"`),
    ...steps.flatMap((share) => [
      line(x(0), y(share * maxY), x(maxX), y(share * maxY), '#ddd'),
      text(x(0) - 6, y(share * maxY) + 4, compact(share * maxY), 'end'),
      text(x(share * maxX), y(0) + 16, compact(share * maxX), 'middle'),
    ]),
    ...series.map((each) => drawSeries(each, x, y)),
    '</svg>\n',
  ].join('\n');
}

function drawSeries(
  { name, colour, points }: Series,
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  const places = points.map(([px, py]) => [x(px), y(py)] as const);
  const path = places.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ');
  const dots = places.map(
    ([px, py]) => `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3" fill="${colour}"/>`,
  );
  const last = places.at(-1);
  const label = last ? text(last[0] + 8, last[1] + 4, name, 'start', `fill="${colour}"`) : '';
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}${label}`;
}

const line = (x1: number, y1: number, x2: number, y2: number, colour: string): string =>
  `<line x1="${x1}" y1="${y1.toFixed(1)}" x2="${x2}" y2="${y2.toFixed(1)}" stroke="${colour}"/>`;

const text = (x: number, y: number, content: string, anchor: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ${more}>${content}</text>`;

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find((each) => each * power >= value) ?? 10;
  return step * power;
}

function compact(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toFixed(2))}M`;
  return value >= 10_000 ? `${Number((value / 1000).toFixed(1))}k` : String(Number(value.toFixed(2)));
}
