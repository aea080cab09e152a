/** The plots of the bench: nothing is drawn outside the picture, no label on another, and a screen reader finds a title. */
import t from 'tap';
import { plot } from './plot.ts';

const series = (name: string, ...ys: number[]) => ({
  name,
  colour: '#000',
  points: ys.map((y, i) => [125_000 * 2 ** i, y] as const),
});
const svg = plot('Time <of> all', 'routes', 'milliseconds', [
  series('FRR', 400, 800, 1600, 3050),
  series('BIRD', 300, 700, 1500, 3000),
  series('evpnd', 100, 200, 500, 1010),
  series('GoBGP'),
]);

t.test('it has a title and a description, for those who do not see it', (t) => {
  t.match(svg, /^<svg [^>]*role="img"[^>]*aria-labelledby="title desc"/);
  t.match(svg, '<title id="title">Time &lt;of&gt; all</title>');
  t.match(svg, 'FRR: 400 at 125k, 800 at 250k, 1600 at 500k, 3050 at 1M.');
  t.end();
});

t.test('every point is inside the picture', (t) => {
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number);
  const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)];
  t.equal(dots.length, 12);
  for (const [, x, y] of dots) {
    t.ok(Number(x) > 0 && Number(x) < width!, `x ${x}`);
    t.ok(Number(y) > 0 && Number(y) < height!, `y ${y}`);
  }
  t.end();
});

t.test('names of lines that end close together do not lie on each other', (t) => {
  const labels = [...svg.matchAll(/<text x="[\d.]+" y="([\d.]+)"[^>]*>(FRR|BIRD|evpnd|GoBGP)<\/text>/g)];
  t.strictSame(
    labels.map(([, , name]) => name),
    ['FRR', 'BIRD', 'evpnd'],
    'none for a system without points',
  );
  const ys = labels.map(([, y]) => Number(y)).sort((a, b) => a - b);
  for (let i = 1; i < ys.length; i++) t.ok(ys[i]! - ys[i - 1]! >= 13, `${ys[i - 1]} and ${ys[i]}`);
  t.end();
});
