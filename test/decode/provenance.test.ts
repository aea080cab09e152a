/**
 * A fixture that names a capture as its origin is in it, octet for octet.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { hexText } from 'bgp-protocol';
import t from 'tap';
import { readFixtures } from '../bgp-protocol/fixture-files.ts';
import { collect, fixtureOctets, fixturePath } from './collect.ts';

/** `| name | ... (capture NAME) |` */
const ROW = /^\| (\S+) \| .*\bcapture (\S+?)\)/;

t.test('fixtures are in the captures that their page names', async (t) => {
  const pages = readdirSync(fixturePath(''), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.md'),
  );
  let checked = 0;
  for (const page of pages) {
    const rows = readFileSync(fixturePath(page), 'utf8')
      .split('\n')
      .flatMap((line) => ROW.exec(line) ?? []);
    for (let at = 0; at < rows.length; at += 3) {
      const [name, capture] = rows.slice(at + 1, at + 3);
      const fixture = readFixtures(page.replace(/\.md$/, '')).find((each) => each.name === name);
      const { messages } = await collect(fixtureOctets(`captures/${capture}.pcap`));
      const octets = fixture === undefined ? 'none' : hexText(fixture.bytes);
      t.ok(
        messages.some(({ bytes }) => hexText(bytes).includes(octets)),
        `${page}: ${name} is in ${capture}`,
      );
      checked++;
    }
  }
  t.ok(checked >= 15);
});
