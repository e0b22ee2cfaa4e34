/**
 * A proxy that asks about Gatepost's own pages and then sends the browser to the application, which knows no such page
 * (404): the route for `/outpost.goauthentik.io/` is missing, or another one comes first.
 */
import { endpointPath, PREFIX } from '../endpoints.ts';
import type { Store } from '../stores/store.ts';
import type { Look, Say } from './symptom.ts';

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
  /**
   * Where another process may be the one that is reached. It says so of the callback here, one row for an application; of
   * `start` it could not, as a visitor who never logs in costs no storage, so nothing is said of `start` then.
   */
  shared: Pick<Store, 'get' | 'set'> | undefined;
  /** Whether the page was reached at a host that no application has: the route is there, and the host is wrong. */
  wasReachedElsewhere: (page: Page) => boolean;
}

const rowKey = (slug: string, page: Page) => `e:${slug}:${page}`;

/** About one page, while it was not reached; the second is no repetition of the first. */
interface Questions {
  firstAt: number;
  secondAt: number | undefined;
}

export function createMissingRouter(options: MissingRouterOptions, slug: string) {
  const { say, elapsed, shared, wasReachedElsewhere } = options;
  const questions = new Map<Page, Questions>();
  const reached = new Set<Page>();
  const saidAt = new Map<Page, number>();

  const isWatched = (page: Page) => shared === undefined || page === 'callback';

  function ask(page: Page, at: number): void {
    const known = questions.get(page);
    if (known === undefined) questions.set(page, { firstAt: at, secondAt: undefined });
    else if (at - known.firstAt >= PATIENCE_MS) known.secondAt ??= at;
  }

  async function judge(page: Page): Promise<void> {
    questions.delete(page);
    const isReached = () => reached.has(page) || wasReachedElsewhere(page);
    try {
      if (isReached() || (await shared?.get(rowKey(slug, page))) !== undefined || isReached()) return;
    } catch {
      // The store cannot tell: nothing is said.
      return;
    }
    say('proxy.endpoint_not_routed', slug, () => sentence(page));
  }

  const look: Look = ({ url }) => {
    const page = PAGE_BY_PATH.get(url.path.raw);
    if (page !== undefined && isWatched(page) && !reached.has(page)) ask(page, elapsed());
    if (questions.size === 0) return;
    const at = elapsed();
    for (const [waiting, { secondAt = at }] of questions) if (at - secondAt >= PATIENCE_MS) void judge(waiting);
  };
  function sayReached(page: Page, at: number): void {
    if (
      shared === undefined ||
      page !== 'callback' ||
      at - (saidAt.get(page) ?? Number.NEGATIVE_INFINITY) < SAY_REACHED_MS
    )
      return;
    saidAt.set(page, at);
    // Said again with the next request where it could not be written.
    shared.set(rowKey(slug, page), '1', REACHED_TTL_MS).catch(() => saidAt.delete(page));
  }

  return {
    look,
    reached(page: Page): void {
      questions.delete(page);
      reached.add(page);
      sayReached(page, elapsed());
    },
  };
}

function sentence(page: Page): string {
  const path = endpointPath(page);
  return `the proxy asks about ${path}, but the browser's request for it never comes here: the application gets it, and answers 404. Route all of ${PREFIX}/ on this host to Gatepost, before the application's own route and without an auth request`;
}

export const isPage = (name: string): name is Page => PAGES.some((page) => page === name);
