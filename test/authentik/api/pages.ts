/** Lists of the API, a page at a time. */
import type { Traits } from '../releases.ts';

export interface Page<T> {
  pagination: Record<'next' | 'previous' | 'count' | 'current' | 'total_pages' | 'start_index' | 'end_index', number>;
  autocomplete?: object;
  results: T[];
}

/** `undefined`: there is no such page, which the server answers by 404. `atMost` is what the server grants. */
export function pageOf<T>(all: readonly T[], query: URLSearchParams, atMost: number, traits: Traits) {
  const size = Math.min(atMost, Number(query.get('page_size') ?? atMost) || atMost);
  const current = Number(query.get('page') ?? 1);
  const pages = Math.max(1, Math.ceil(all.length / size));
  if (!Number.isInteger(current) || current < 1 || current > pages) return undefined;
  const start = (current - 1) * size;
  const results = all.slice(start, start + size);
  const page: Page<T> = {
    pagination: {
      next: current < pages ? current + 1 : 0,
      previous: current - 1,
      count: all.length,
      current,
      total_pages: pages,
      start_index: results.length === 0 ? 0 : start + 1,
      end_index: start + results.length,
    },
    ...(traits.autocomplete && { autocomplete: {} }),
    results,
  };
  return page;
}
