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
const NAME_HEIGHT = 14;

export function plot(title: string, xLabel: string, yLabel: string, series: readonly Series[]): string {
  const drawn = series.filter(({ points }) => points.length > 0);
  const all = drawn.flatMap(({ points }) => points);
  const maxX = niceCeiling(Math.max(...all.map(([x]) => x), 1));
  const maxY = niceCeiling(Math.max(...all.map(([, y]) => y).filter(Number.isFinite), 1));
  const x = (value: number): number => MARGIN.left + (value / maxX) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number): number =>
    HEIGHT - MARGIN.bottom - (Math.min(value, maxY) / maxY) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const steps = Array.from({ length: STEPS + 1 }, (_, i) => i / STEPS);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="desc">${escaped(describe(xLabel, yLabel, drawn))}</desc>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(WIDTH / 2, 20, title, 'middle', 'font-size="14"'),
    text((x(0) + x(maxX)) / 2, HEIGHT - 8, xLabel, 'middle'),
    text(14, HEIGHT / 2, yLabel, 'middle', `transform="rotate(-90 14 ${HEIGHT / 2})"`),
    ...steps.flatMap((share) => [
      line(x(0), y(share * maxY), x(maxX), y(share * maxY), '#ddd'),
      text(x(0) - 6, y(share * maxY) + 4, compact(share * maxY), 'end'),
      text(x(share * maxX), y(0) + 16, compact(share * maxX), 'middle'),
    ]),
    ...drawn.map((each) => drawLine(each, x, y)),
    ...drawNames(drawn, x, y),
    '</svg>\n',
  ].join('\n');
}

function describe(xLabel: string, yLabel: string, series: readonly Series[]): string {
  const lines = series.map(({ name, points }) => {
    return `${name}: ${points.map(([x, y]) => `${Math.round(y)} at ${compact(x)}`).join(', ')}.`;
  });
  return `${yLabel} against ${xLabel}. ${lines.join(' ')}`;
}

type Scale = (value: number) => number;

function drawLine({ colour, points }: Series, x: Scale, y: Scale): string {
  const places = points.map(([px, py]) => [x(px).toFixed(1), y(py).toFixed(1)] as const);
  const dots = places.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="3" fill="${colour}"/>`);
  const path = places.map((place) => place.join(',')).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}`;
}

/** Each name stands at the end of its line, or as far below as the name above it asks for. */
function drawNames(series: readonly Series[], x: Scale, y: Scale): string[] {
  const ends = series.map(({ name, colour, points }) => {
    const [px, py] = points.at(-1)!;
    return { name, colour, x: x(px) + 8, y: y(py) + 4 };
  });
  let above = Number.NEGATIVE_INFINITY;
  return ends
    .sort((a, b) => a.y - b.y)
    .map((end) => {
      above = Math.max(end.y, above + NAME_HEIGHT);
      return text(end.x, above, end.name, 'start', `fill="${end.colour}" font-weight="bold"`);
    });
}

const line = (x1: number, y1: number, x2: number, y2: number, colour: string): string =>
  `<line x1="${x1}" y1="${y1.toFixed(1)}" x2="${x2}" y2="${y2.toFixed(1)}" stroke="${colour}"/>`;

const text = (x: number, y: number, content: string, anchor: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ${more}>${escaped(content)}</text>`;

const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The next number that STEPS divides into round ones. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8].find((each) => each * power >= value) ?? 10;
  return step * power;
}

function compact(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toFixed(2))}M`;
  return value >= 10_000 ? `${Number((value / 1000).toFixed(1))}k` : String(Number(value.toFixed(2)));
}
