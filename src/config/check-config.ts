/** `evpnd --check FILE`: every problem, or what the file comes to in a line. */
import { loadConfig } from './parse.ts';
import { printProblem } from './problems.ts';

/** Writes lines and returns the exit code: 0 when the file is good, 1 when it is not. */
export function checkConfig(file: string, write: (line: string) => void): number {
  const { config, problems } = loadConfig(file);
  if (config) {
    const { neighbors, listenRanges, evpn, router } = config;
    write(
      `${file}: good: AS ${router.asn}, router ID ${router.routerId}, ${count(neighbors.length, 'neighbor')}, ` +
        `${count(listenRanges.length, 'listen range')}, ${count(evpn.vnis.length, 'declared VNI')}`,
    );
    return 0;
  }
  for (const problem of problems) write(printProblem(problem));
  write(`${file}: ${count(problems.length, 'problem')}`);
  return 1;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
