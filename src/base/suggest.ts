/** Which word did they mean: edit distance with swapped neighbours counted once, for misspelt keys and commands. */

/** Insertions, deletions, substitutions and swaps of adjacent letters that make `b` of `a`. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforePrevious[j - 2]! + 1);
      }
      row.push(cost);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length]!;
}

/** The nearest of `words`, when it is near enough to be what was meant: a third of the letters, at least one. */
export function suggest(seen: string, words: Iterable<string>): string | undefined {
  const lower = seen.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(seen.length / 3)) + 1;
  for (const word of words) {
    const distance = editDistance(lower, word.toLowerCase());
    // Words that share no letter in its place are no misspelling of each other.
    if (distance < bestDistance && distance < Math.max(seen.length, word.length)) {
      [best, bestDistance] = [word, distance];
    }
  }
  return best;
}
