/**
 * The grammar of commands, as FRR's people know it: `show bgp l2vpn evpn route [{type TYPE|rd RD|detail}]`.
 * Lower-case words stand for themselves, upper-case ones for values; `[ ]` may be left out, `< | >` is a choice, and of
 * `{ | }` each may come once, in any order. Pure.
 */

export type Pattern =
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'sequence'; readonly items: readonly Pattern[] }
  | { readonly kind: 'optional'; readonly item: Pattern }
  | { readonly kind: 'choice'; readonly items: readonly Pattern[] }
  | { readonly kind: 'set'; readonly items: readonly Pattern[] };

export type Terminal = Extract<Pattern, { readonly kind: 'word' | 'value' }>;

/** What is still to be matched, first to last. */
export type Rest = readonly Pattern[];

/** Parses a pattern; throws when its brackets do not match, which is a bug in a command's definition. */
export function parsePattern(text: string): Pattern {
  const tokens = text.match(/[[\]<>{}|]|[^\s[\]<>{}|]+/g) ?? [];
  let at = 0;
  const alternatives = (close: string): Pattern[] => {
    const items = [sequence()];
    while (tokens[at] === '|') {
      at++;
      items.push(sequence());
    }
    if (tokens[at++] !== close) throw new SyntaxError(`Cannot parse pattern "${text}": expected ${close}`);
    return items;
  };
  const item = (): Pattern => {
    const token = tokens[at++]!;
    if (token === '[') {
      const items = alternatives(']');
      return { kind: 'optional', item: items.length === 1 ? items[0]! : { kind: 'choice', items } };
    }
    if (token === '<') return { kind: 'choice', items: alternatives('>') };
    if (token === '{') return { kind: 'set', items: alternatives('}') };
    return /^[A-Z]/.test(token) ? { kind: 'value', name: token } : { kind: 'word', word: token };
  };
  const sequence = (): Pattern => {
    const items: Pattern[] = [];
    while (at < tokens.length && !/[\]>}|]/.test(tokens[at]!)) items.push(item());
    return { kind: 'sequence', items };
  };
  const whole = sequence();
  if (at < tokens.length)
    throw new SyntaxError(`Cannot parse pattern "${text}": "${tokens[at]}" is one too many`);
  return whole;
}

/** Every word or value that may come next, with what is then left. */
export function expand(rest: Rest): { readonly terminal: Terminal; readonly rest: Rest }[] {
  const [head, ...tail] = rest;
  if (!head) return [];
  switch (head.kind) {
    case 'word':
    case 'value':
      return [{ terminal: head, rest: tail }];
    case 'sequence':
      return expand([...head.items, ...tail]);
    case 'optional':
      return [...expand([head.item, ...tail]), ...expand(tail)];
    case 'choice':
      return head.items.flatMap((item) => expand([item, ...tail]));
    case 'set':
      return [
        ...head.items.flatMap((item) => {
          const others = head.items.filter((other) => other !== item);
          return expand([item, { kind: 'set', items: others }, ...tail]);
        }),
        ...expand(tail),
      ];
  }
}

/** Whether a command may end here. */
export const mayEnd = (rest: Rest): boolean =>
  rest.every(
    (item) =>
      item.kind === 'optional' ||
      item.kind === 'set' ||
      (item.kind === 'sequence' && mayEnd(item.items)) ||
      (item.kind === 'choice' && item.items.some((one) => mayEnd([one]))),
  );
