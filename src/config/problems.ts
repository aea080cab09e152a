/** What is wrong with a configuration file: where, what was seen, what was wanted, and what was perhaps meant. */

export interface Problem {
  readonly file: string;
  /** From 1; 0 when the file could not be read at all. */
  readonly line: number;
  readonly column: number;
  /** `neighbors[0].remote-as`; empty for the file as a whole. */
  readonly path: string;
  readonly saw: string | undefined;
  readonly expected: string;
  readonly suggestion: string | undefined;
}

/** `evpnd.yaml:12:7: neighbors[0].remote-as: saw "interal", expected an AS number, ...; did you mean "internal"?` */
export function printProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const seen = problem.saw === undefined ? '' : `saw ${problem.saw}, expected `;
  const meant = problem.suggestion === undefined ? '' : `; did you mean "${problem.suggestion}"?`;
  return `${place}: ${path}${seen}${problem.expected}${meant}`;
}

export type Path = readonly (string | number)[];

/** `['neighbors', 0, 'remote-as']` as `neighbors[0].remote-as`. */
export const printPath = (path: Path): string =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
