/** Results of writes travel as numbers: each text gets one on first sight. Servers word their errors alike, so texts are few. */

const FIRST_CODE = 1;
/** A server that puts a different text into every error must not fill the memory. */
const MOST_TEXTS = 1000;

export class ErrorCodes {
  readonly #codes = new Map<string, number>();
  readonly #texts: string[] = [];

  of(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    if (this.#texts.length >= MOST_TEXTS) return this.of('refused by the switch');
    this.#texts.push(text);
    const code = FIRST_CODE + this.#texts.length - 1;
    this.#codes.set(text, code);
    return code;
  }

  text(code: number): string {
    return this.#texts[code - FIRST_CODE] ?? `error ${code}`;
  }
}
