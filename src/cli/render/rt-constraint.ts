/** `show bgp rt-constraint`: a line for each membership. Pure. */
import type { RtConstraintView } from '../../control/index.ts';
import type { Table } from '../command.ts';
import { type Column, count, printColumns } from './text.ts';

const COLUMNS: readonly Column<RtConstraintView>[] = [
  {
    head: 'Origin AS',
    width: -10,
    text: ({ originAs }) => (originAs === undefined ? '-' : String(originAs)),
  },
  { head: 'Route target', width: -22, text: target },
  {
    head: 'Asked for by',
    width: -12,
    text: ({ own, neighbors }) => [...(own ? ['here'] : []), ...neighbors].join(', '),
  },
];

function target({ lengthBits, routeTarget }: RtConstraintView): string {
  if (routeTarget === undefined) return '*';
  return lengthBits === 96 ? routeTarget : `${routeTarget}/${lengthBits - 32}`;
}

export function rtConstraintTable(): Table<RtConstraintView> {
  return {
    begin: (first) => (first.length > 0 ? [printColumns(COLUMNS, undefined)] : []),
    row: (view) => [printColumns(COLUMNS, view)],
    end: (rows) => (rows === 0 ? ['Nobody asks for route targets'] : ['', count(rows, 'membership')]),
  };
}
