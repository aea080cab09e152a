/**
 * A few seconds of fuzzing with a fixed seed; run.ts goes on for hours.
 */
import { hexText } from 'bgp-protocol';
import t from 'tap';
import { corpus } from './corpus.ts';
import { caseOctets, fuzz } from './fuzz.ts';
import { judge } from './judge.ts';

t.test('every message of the corpus itself is judged well', (t) => {
  const messages = corpus();
  t.ok(messages.length > 300, `${messages.length} messages`);
  for (const octets of messages) t.equal(judge(octets), undefined, hexText(octets.subarray(16, 40)));
  t.end();
});

t.test('a case is the same whenever it is run', (t) => {
  const messages = corpus();
  for (const n of [0, 1, 99_999]) t.same(caseOctets(messages, 7, n), caseOctets(messages, 7, n));
  t.notSame(caseOctets(messages, 7, 1), caseOctets(messages, 8, 1));
  t.end();
});

t.test('mutated messages are a value or a BgpFault, quickly, and no larger than they account for', (t) => {
  const { next, failure } = fuzz({ seed: 20_261_121, seconds: 5, from: 0 });
  t.equal(failure && `${failure.reason}\n${hexText(failure.octets)}`, undefined, `${next} cases`);
  t.end();
});
