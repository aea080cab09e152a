/** How the demo speaks: timed progress lines, headings, indented output of real commands. */
import { styleText } from 'node:util';

const started = performance.now();

/** A progress line with the seconds since the start. */
export function announceStep(text: string): void {
  console.log(
    `${styleText('dim', `[${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s]`)} ${text}`,
  );
}

export function heading(text: string): void {
  console.log(`\n${styleText('bold', text)}`);
}

export function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '  ');
}
