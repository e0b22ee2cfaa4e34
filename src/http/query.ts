/** Parameters of a raw query. Pure. */

/**
 * The only value that a query has for a name; `undefined` where there is none, or several (nothing says which one is
 * meant). Attack: `a&a&a…`, which Koa's `ctx.query` searches from the start for each parameter: seconds for one
 * request.
 * @param query without its `?`
 */
export function singleParam(query: string, name: string): string | undefined {
  // A name is there as it is spelled here, or percent-encoded, or not at all.
  if (!query.includes(name) && !query.includes('%')) return undefined;
  const values = new URLSearchParams(query).getAll(name);
  return values.length === 1 ? values[0] : undefined;
}
