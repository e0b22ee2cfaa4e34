/** Writes the responses that a browser sees: redirects, and pages with their headers. */
import type { Context } from 'koa';
import { REASONS, RETRY_AFTER_SECONDS } from '../reasons.ts';
import type { Page } from './content.ts';
import { renderPage } from './layout.ts';
import type { Site } from './site.ts';

/**
 * Attack: the URL of a callback holds a code; a cache, or a `Referer` header at the next site, would show it.
 * @param url absolute
 */
export function redirect(ctx: Context, url: string): void {
  ctx.status = ctx.method === 'POST' ? 303 : 302;
  ctx.set('Location', url);
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Referrer-Policy', 'no-referrer');
  ctx.type = 'text/plain; charset=utf-8';
  ctx.body = `go on at: ${url}\n`;
}

/** Responds with a page. The request's id is in `ctx.state`. */
export function sendPage(ctx: Context, page: Page, site: Site): void {
  const { reason, status = reason ? REASONS[reason].status : 200 } = page;
  const visit = { requestId: ctx.state.requestId, acceptLanguage: ctx.headers['accept-language'] };
  const { headers, body } = renderPage(page, site, visit);
  for (const [name, value] of headers) ctx.set(name, value);
  if (reason) ctx.set('X-Gatepost-Reason', reason);
  // HTML Living Standard, "shared declarative refresh steps": as a link on the page, and without a script.
  if (page.goOnTo !== undefined) ctx.set('Refresh', `0; url=${page.goOnTo}`);
  if (status === 503) ctx.set('Retry-After', String(RETRY_AFTER_SECONDS));
  ctx.status = status;
  ctx.body = body;
}
