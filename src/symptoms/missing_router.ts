/**
 * A proxy that asks about Gatepost's own pages and then sends the browser to the application, which knows no such page
 * (404): the route for `/outpost.goauthentik.io/` is missing, or another one comes first.
 */
import { endpointPath } from '../endpoints.ts';
import type { Store } from '../stores/store.ts';
import type { Look, Say, SymptomApplication } from './symptom.ts';

/** Pages whose request follows at once where the question was allowed. */
const PAGES = ['start', 'callback'] as const;
export type Page = (typeof PAGES)[number];
const PAGE_BY_PATH = new Map(PAGES.map((page) => [endpointPath(page), page]));

/** Between the two questions that it takes, and from the second to the sentence: the request itself may be under way. */
const PATIENCE_MS = 5000;
/** So long other processes know that a page was reached. */
const REACHED_TTL_MS = 3_600_000;
/** A process says so no more often. */
const SAY_REACHED_MS = 60_000;

export interface MissingRouterOptions {
  say: Say;
  /** Milliseconds on a clock that nobody can set. */
  elapsed: () => number;
  /** Where another process may be the one that is reached, it says so here: one row for a page of an application. */
  shared: Pick<Store, 'get' | 'set'> | undefined;
}

const rowKey = (slug: string, page: Page) => `r:${slug}:${page}`;

interface Questions {
  firstAt: number;
  lastAt: number;
}

export function createMissingRouter({ say, elapsed, shared }: MissingRouterOptions, { slug }: SymptomApplication) {
  const questions = new Map<Page, Questions>();
  const reachedAt = new Map<Page, number>();
  /** A page that is waited for. */
  let open = 0;

  function ask(page: Page, atMs: number): void {
    const known = questions.get(page);
    if (known === undefined) questions.set(page, { firstAt: atMs, lastAt: Number.POSITIVE_INFINITY });
    else if (known.lastAt === Number.POSITIVE_INFINITY && atMs - known.firstAt >= PATIENCE_MS) known.lastAt = atMs;
    open = questions.size;
  }

  function judge(page: Page, { lastAt }: Questions, atMs: number): void {
    if (atMs - lastAt < PATIENCE_MS) return;
    questions.delete(page);
    open = questions.size;
    if (shared === undefined) return warn(page);
    const warnUnlessReached = (row: string | undefined) => {
      if (row === undefined && !reachedAt.has(page)) warn(page);
    };
    // Nothing is said while the store cannot tell.
    shared.get(rowKey(slug, page)).then(warnUnlessReached, () => undefined);
  }

  function warn(page: Page): void {
    const path = endpointPath(page);
    say(
      'proxy.endpoint_not_routed',
      slug,
      () =>
        `the proxy asks about ${path}, but the browser's request for it never comes here: the application gets it and answers 404. Route ${endpointPath('start').replace('start', '')} on this host to Gatepost, before the application's own route and without an auth request`,
    );
  }

  const look: Look = ({ url }, _login, atMs) => {
    const page = PAGE_BY_PATH.get(url.path.raw);
    if (page !== undefined && !reachedAt.has(page)) ask(page, atMs);
    if (open === 0) return;
    for (const [waiting, times] of questions) judge(waiting, times, atMs);
  };
  return {
    look,
    reached(page: Page): void {
      const at = elapsed();
      const before = reachedAt.get(page) ?? Number.NEGATIVE_INFINITY;
      questions.delete(page);
      open = questions.size;
      if (shared === undefined || at - before >= SAY_REACHED_MS) reachedAt.set(page, at);
      if (at - before >= SAY_REACHED_MS) shared?.set(rowKey(slug, page), '1', REACHED_TTL_MS).catch(() => undefined);
    },
  };
}

export const isPage = (name: string): name is Page => PAGES.some((page) => page === name);
