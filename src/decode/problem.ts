/** Input that cannot be read as what it seems to be: said in one line, with its place. */
export class InputProblem extends Error {
  readonly code = 'ERR_DECODE_INPUT';

  constructor(message: string) {
    super(message);
    this.name = 'InputProblem';
  }
}
