/** The probes of `gatepost doctor` at a running Gatepost: each is used once, and what was seen of it is kept a minute. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Store } from '../stores/store.ts';
import { isQuestionReport, openReport, type PageReport, type QuestionReport, sealReport } from './report.ts';
import { createProbeSeal, openProbe, PROBE_TTL_MS, type ProbeToken } from './token.ts';

export interface Probes {
  /** The token of a request. Never throws, never waits. */
  open(headers: IncomingHttpHeaders): ProbeToken | undefined;
  /** Whether nobody has used this probe before. */
  spend(probe: ProbeToken): Promise<boolean>;
  /** Keeps what was seen of a probe that was spent. Never rejects. */
  record(probe: ProbeToken, report: QuestionReport): Promise<void>;
  /** The sealed answer of a page. */
  answer(probe: ProbeToken, page: Omit<PageReport, 'kind' | 'reports'>): Promise<string>;
}

/** For a Gatepost that nobody can reach (`gatepost explain`): no request is a probe. */
export const NO_PROBES: Probes = {
  open: () => undefined,
  spend: async () => false,
  record: async () => undefined,
  answer: async () => '',
};

export interface ProbeOptions {
  secret: readonly string[];
  store: Pick<Store, 'add' | 'replace' | 'getMany'>;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Reports are in the store, so any worker and any replica can hand out what another one has seen. */
export function createProbes({ secret, store, now }: ProbeOptions): Probes {
  const seal = createProbeSeal(secret);
  const keyOf = (id: string) => `d:${seal.hmacs(id)[0]}`;

  /** A token outlives its time by what two clocks may differ, so the mark that it was used lives twice as long. */
  const spend = ({ id }: ProbeToken) => store.add(keyOf(id), '', 2 * PROBE_TTL_MS);

  async function readReports(ids: readonly string[]): Promise<PageReport['reports']> {
    const rows = ids.length === 0 ? [] : await store.getMany(ids.map(keyOf));
    const reports = ids.map((id, at) => [id, openReport(seal, id, rows[at])] as const);
    return Object.fromEntries(reports.flatMap(([id, report]) => (isQuestionReport(report) ? [[id, report]] : [])));
  }

  return {
    open: (headers) => openProbe(seal, headers, now()),
    spend,
    async record({ id }, report) {
      await store.replace(keyOf(id), sealReport(seal, id, report), 2 * PROBE_TTL_MS).catch(() => undefined);
    },
    async answer({ id, ids }, page) {
      const reports = await readReports(ids).catch(() => ({}));
      return sealReport(seal, id, { ...page, kind: 'page', reports });
    },
  };
}
