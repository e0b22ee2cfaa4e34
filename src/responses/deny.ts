/** Denials: 403, 404, 414, 429, 431, 500 and 503 as text, or as a page for a browser that navigates. */
import type { Forbid, RateLimited, Unavailable, UnknownHost } from '../decision/decision.ts';
import { isNavigation, prefersJson } from '../http/request_kind.ts';
import { deniedPage } from '../pages/denied.ts';
import { type ErrorPage, rateLimitedPage, unavailablePage, unknownHostPage } from '../pages/errors.ts';
import { renderPage } from '../pages/layout.ts';
import { type Site, siteOf } from '../pages/site.ts';
import { REASONS, RETRY_AFTER_SECONDS, type Reason } from '../reasons.ts';
import type { AuthResponse, RenderOptions, ResponseContext } from './response.ts';

export const NO_STORE = ['Cache-Control', 'no-store'] as const;
export const TEXT = ['Content-Type', 'text/plain; charset=utf-8'] as const;

export function forbid(decision: Forbid, context: ResponseContext): AuthResponse {
  const { reason, message, application, subject } = decision;
  if (!application || !wantsPage(context)) return denyText(context, reason, { message });
  return withPage(context, deniedPage({ reason, application, subject }), siteOf(application.config));
}

export function unknownHost({ host, known, why }: UnknownHost, context: ResponseContext, { site }: RenderOptions) {
  if (wantsPage(context)) return withPage(context, unknownHostPage(host, known, why), site);
  const only = known.length > 0 ? `, only for ${known.join(', ')}` : '';
  const because = why === undefined ? '' : `: ${why}`;
  return denyText(context, 'unknown_host', {
    message: `no application is configured for the host ${host}${only}${because}`,
  });
}

export function rateLimited({ application, retryAfter }: RateLimited, context: ResponseContext): AuthResponse {
  if (!wantsPage(context)) return denyText(context, 'rate_limited', { retryAfter });
  const page = rateLimitedPage(application.config, retryAfter, retryUrl(context));
  return withPage(context, page, siteOf(application.config), retryAfter);
}

export function unavailable(
  { reason, application }: Unavailable,
  context: ResponseContext,
  { site }: RenderOptions,
): AuthResponse {
  const retryAfter = reason === 'internal_error' ? undefined : RETRY_AFTER_SECONDS;
  if (!wantsPage(context)) return denyText(context, reason, { retryAfter });
  const page = unavailablePage(reason, application?.config, retryUrl(context));
  return withPage(context, page, application ? siteOf(application.config) : site, retryAfter);
}

/** The page itself, where opening it again sends nothing that was in a form. */
function retryUrl({ request }: ResponseContext): string | undefined {
  return request?.method === 'POST' ? undefined : request?.url.href;
}

interface TextOptions {
  message?: string;
  /** Seconds. */
  retryAfter?: number | undefined;
}

/** One line of text; status and, where the caller has none, sentence are those of the reason. */
export function denyText(context: ResponseContext, reason: Reason, options?: TextOptions): AuthResponse {
  return textResponse(statusOf(reason, context), reason, options);
}

/** The same with a status of the caller's. */
export function textResponse(
  status: number,
  reason: Reason,
  { message = REASONS[reason].text, retryAfter }: TextOptions = {},
): AuthResponse {
  const retry = retryAfter === undefined ? [] : ['Retry-After', String(retryAfter)];
  const headers = [...NO_STORE, 'X-Gatepost-Reason', reason, ...retry, ...TEXT];
  return { status, headers, body: `${message}\n` };
}

/** A proxy that takes anything but 200, 401, 403 and 5xx for an error gets a 403 in place of other statuses. */
function statusOf(reason: Reason, { capabilities }: ResponseContext): number {
  const { status } = REASONS[reason];
  return !capabilities.anyStatus && status > 403 && status < 500 ? 403 : status;
}

function wantsPage({ request }: ResponseContext): boolean {
  return request !== undefined && isNavigation(request) && !prefersJson(request);
}

/** @param retryAfter seconds */
function withPage(context: ResponseContext, page: ErrorPage, site: Site, retryAfter?: number): AuthResponse {
  const { request, requestId } = context;
  const { headers, body } = renderPage(page, site, {
    requestId,
    acceptLanguage: request?.headers['accept-language'],
  });
  const retry = retryAfter === undefined ? [] : ['Retry-After', String(retryAfter)];
  const status = statusOf(page.reason, context);
  return { status, headers: [...headers.flat(), ...retry, 'X-Gatepost-Reason', page.reason], body };
}
