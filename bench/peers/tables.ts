/** What `npm run bench:peers` prints. */
import { table } from '../report.ts';
import type { Figures, Row } from './measure.ts';
import type { Protected } from './protection.ts';

const NONE = 'not measured';
const shown = (value: number | undefined, digits: number) =>
  value === undefined || Number.isNaN(value) ? NONE : value.toFixed(digits);
const milliseconds = (micros: number) => (micros / 1000).toFixed(2);

const ended = (ends: boolean | undefined) => ({ true: 'yes', false: 'no', undefined: 'not tried' })[String(ends)]!;

function cells({ title, session, anonymous, memory, ends }: Row, at: number): string[] {
  const of = (figures: Figures | undefined) => [shown(figures?.cpu, 0), shown(figures?.times, 2)];
  return [
    title,
    ...of(session),
    shown(session?.share, 2),
    session ? (session.p99 / 1000).toFixed(1) : NONE,
    ...of(anonymous),
    shown(memory === undefined ? undefined : memory / 1e6, 0),
    at === 0 ? '' : ended(ends),
  ];
}

export function tableOfPeers(rows: Row[]): string {
  const head = [
    'server',
    'a valid session: CPU µs',
    '× ceiling',
    'share of its requests/s',
    'p99 ms',
    'no credentials: CPU µs',
    '× ceiling',
    'memory MB after the load',
    'a session can be ended',
  ];
  return table([head, ...rows.map(cells)]);
}

export function tableOfProtection(all: Protected[]): string {
  const head = ['behind', 'protected by', 'p50 ms', 'p99 ms', 'adds to p50, ms', 'adds to p99, ms'];
  const rows = all.map(({ proxy, by, p50, p99, added }) => [
    proxy,
    by ?? 'nothing',
    milliseconds(p50),
    milliseconds(p99),
    added ? milliseconds(added.p50) : '',
    added ? milliseconds(added.p99) : '',
  ]);
  return table([head, ...rows]);
}
