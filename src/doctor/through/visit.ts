/** One visit through the proxy: its requests are probes, and Gatepost says afterwards what it saw of each. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationConfig, Config } from '../../config/schema/config.ts';
import type { Seal } from '../../crypto/seal.ts';
import { endpointPath } from '../../endpoints.ts';
import { isPageReport, openReport, type PageReport, type QuestionReport } from '../../probe/report.ts';
import { createProbeSeal, type ProbePurpose, sealProbe } from '../../probe/token.ts';
import { sessionCookieName } from '../../sessions/session_cookie.ts';
import { type Answer, type Headers, send } from './send.ts';

/** Between two looks for a report, which is written after the response. */
const LOOK_MS = 100;
const LOOKS = 10;

/** The connection was cut: a proxy may do so at what it does not like. */
const NO_ANSWER: Answer = { status: 0, headers: {}, body: '' };

/** A request through the proxy that Gatepost may have seen. */
export interface Sent {
  id: string;
  answer: Answer;
}

export interface VisitRequest {
  purpose: ProbePurpose;
  /** Characters of the token in a yes. */
  padding?: number;
  /** GET where it is left out. */
  method?: string;
}

export interface Visit {
  application: ApplicationConfig;
  /** The address that was given. */
  through: URL;
  /** Random, in values that are looked for afterwards. */
  marker: string;
  /** The session cookie's name. */
  cookie: string;
  /** A request to a path of the site. */
  ask(target: string, probe: VisitRequest, headers?: Headers): Promise<Sent>;
  /** What Gatepost says of a request to one of its pages; `undefined` where another one has answered. */
  openPage(sent: Sent): PageReport | undefined;
  /** The reports that are there, at last after a second; `undefined` where Gatepost cannot be asked. */
  reportsOf(sent: readonly Sent[]): Promise<(QuestionReport | undefined)[] | undefined>;
}

export interface VisitOptions {
  config: Config;
  application: ApplicationConfig;
  through: URL;
  /** Where Gatepost listens, seen from here. */
  direct: URL;
  /** Whether the site's certificate must be trusted. */
  strict: boolean;
}

export function createVisit({ config, application, through, direct, strict }: VisitOptions): Visit {
  const seal = createProbeSeal(config.secret);
  const openPage = ({ id, answer }: Sent) => pageReport(seal, id, answer.body);

  async function ask(target: string, { method, ...probe }: VisitRequest, headers: Headers = {}): Promise<Sent> {
    const { id, agent, cookie } = sealProbe(seal, probe, Date.now());
    const Cookie = headers.Cookie === undefined ? cookie : `${cookie}; ${headers.Cookie}`;
    const sent = { ...headers, 'User-Agent': agent, Cookie };
    const answer = await send(new URL(target, through), sent, {
      strict,
      ...(method !== undefined && { method }),
    }).catch(() => NO_ANSWER);
    return { id, answer };
  }

  /** By the site's own page, else past the proxy. */
  async function readPage(ids: readonly string[]): Promise<PageReport | undefined> {
    for (const base of [through, direct]) {
      const { id, agent } = sealProbe(seal, { purpose: 'page', ids }, Date.now());
      const url = new URL(endpointPath('ping'), base);
      const answer = await send(url, { 'User-Agent': agent }, { strict }).catch(() => undefined);
      const page = answer && pageReport(seal, id, answer.body);
      if (page) return page;
    }
    return undefined;
  }

  async function reportsOf(sent: readonly Sent[]) {
    const ids = sent.map(({ id }) => id);
    for (let look = 0; ; look += 1) {
      const page = await readPage(ids);
      if (page === undefined) return undefined;
      const reports = ids.map((id) => page.reports[id]);
      if (look === LOOKS || reports.every((report) => report !== undefined)) return reports;
      await sleep(LOOK_MS);
    }
  }

  const marker = randomBytes(12).toString('hex');
  return { application, through, marker, cookie: sessionCookieName(application), ask, openPage, reportsOf };
}

/** The page's answer, where it is one of this Gatepost. */
function pageReport(seal: Seal, id: string, body: string): PageReport | undefined {
  const report = openReport(seal, id, body.trim());
  return isPageReport(report) ? report : undefined;
}

/** The values of a header as it arrived. */
export function arrivedValues({ headers }: Pick<PageReport, 'headers'>, name: string): string[] {
  return headers.flatMap(([one, value]) => (one === name ? [value] : []));
}
