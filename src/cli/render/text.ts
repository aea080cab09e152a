/** Texts that more than one view needs: durations as FRR writes them, plurals, columns. Pure. */

/** `00:01:58`, `1d02h03m`, `3w4d05h`; `never` when undefined. */
export function printDuration(seconds: number | undefined): string {
  if (seconds === undefined) return 'never';
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  if (whole < 86400) return `${two(whole / 3600)}:${two((whole % 3600) / 60)}:${two(whole % 60)}`;
  const days = Math.floor(whole / 86400);
  const hours = two((whole % 86400) / 3600);
  if (days < 7) return `${days}d${hours}h${two((whole % 3600) / 60)}m`;
  return `${Math.floor(days / 7)}w${days % 7}d${hours}h`;
}

export const count = (number: number, noun: string, plural = `${noun}s`): string =>
  `${number} ${number === 1 ? noun : plural}`;

export const yesNo = (value: boolean): string => (value ? 'Yes' : 'No');

/** A line per item below a title, or nothing at all without items. */
export const listed = (title: string, items: readonly string[]): string[] =>
  items.length > 0 ? [title, ...items.map((item) => `  ${item}`)] : [];

/** A column: its head, its width (negative: to the left), and its text for a row. */
export interface Column<T> {
  readonly head: string;
  readonly width: number;
  text(row: T): string;
}

/** Cells that are wider than their column push the rest to the right, and lose nothing. */
export const printColumns = <T>(columns: readonly Column<T>[], row: T | undefined): string =>
  columns
    .map(({ head, width, text }) => {
      const cell = row === undefined ? head : text(row);
      return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
    })
    .join(' ')
    .trimEnd();

/** The longest text, at least `min`. */
export const widthOf = (texts: readonly string[], min: number): number =>
  texts.reduce((width, text) => Math.max(width, text.length), min);
