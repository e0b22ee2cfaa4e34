/** What a soak has found, as tables and as JSON. */
import { table } from '../../bench/report.ts';
import type { Finding } from './ledger.ts';
import type { StoreReport } from './run.ts';

/** Of each store. */
const SHOWN = 10;

const sum = (values: number[]) => values.reduce((total, one) => total + one, 0);

export const violationsOf = (report: StoreReport) => sum(Object.values(report.counts));

function countsTable(reports: StoreReport[]): string {
  const head = [
    'store',
    'seconds',
    'actions',
    'sessions',
    'faults',
    'lost',
    'revived',
    'wrong yes',
    'failed',
    'excused',
  ];
  const rows = reports.map((one) => [
    one.store,
    ...[one.seconds, sum(Object.values(one.actions)), one.sessions, one.faults.length].map(String),
    ...[one.counts.lost, one.counts.revived, one.counts.wrong_yes, one.counts.failed].map(String),
    String(sum(Object.values(one.excused))),
  ]);
  return table([head, ...rows]);
}

function memoryTable(reports: StoreReport[]): string {
  const head = ['store', 'process', 'seconds', 'first third MB', 'second', 'last', 'most', ''];
  const rows = reports.flatMap(({ store, memory }) =>
    memory.map((one) => [
      store,
      one.process,
      ...[one.seconds, one.first, one.second, one.last, one.most].map(String),
      one.isGrowing ? 'still growing' : '',
    ]),
  );
  return table([head, ...rows]);
}

/** In full. It holds no cookie and no token: neither is noted anywhere. */
export function describeFinding({ violation, at, fault, process, question, answer, history }: Finding): string {
  const lines = history.map((line) => `    ${line}`);
  return [
    `${violation} at ${at} s, process ${process}, last fault ${fault}`,
    `  ${question}: ${answer}`,
    ...lines,
  ].join('\n');
}

function describeExcuses({ store, excused }: StoreReport): string[] {
  return Object.entries(excused).map(([why, count]) => `${store}: ${count} ended, excused: ${why}`);
}

export function describeReports(reports: StoreReport[]): string {
  const findings = reports.flatMap(({ store, findings: all }) =>
    all.slice(0, SHOWN).map((one) => `${store}: ${describeFinding(one)}`),
  );
  const parts = [countsTable(reports), reports.flatMap(describeExcuses).join('\n'), memoryTable(reports)];
  return [...findings, ...parts].filter((part) => part !== '').join('\n\n');
}
