import type { Context } from 'koa';

/**
 * The only value that the query has for a name; `undefined` where there is none, or several (nobody can say which is meant).
 * Attack: `a&a&a…`, which Koa's `ctx.query` looks through from the start again for each parameter: seconds for one request.
 */
export function singleParam(ctx: Context, name: string): string | undefined {
  // A name is there as it is spelled here, or percent-encoded, or not at all.
  if (!ctx.querystring.includes(name) && !ctx.querystring.includes('%')) return undefined;
  const values = new URLSearchParams(ctx.querystring).getAll(name);
  return values.length === 1 ? values[0] : undefined;
}
