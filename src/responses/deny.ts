/** Denials: 403, 404, 414, 429, 431, 500 and 503 as text, or as a page for a browser that navigates. */
import type { Forbid, Unavailable, UnknownHost } from '../decision/decision.ts';
import { isNavigation, prefersJson } from '../http/request_kind.ts';
import { REASONS, RETRY_AFTER_SECONDS, type Reason } from '../reasons.ts';
import type { AuthResponse, RenderedPage, RenderOptions, ResponseContext } from './response.ts';

export const NO_STORE = ['Cache-Control', 'no-store'] as const;
export const TEXT = ['Content-Type', 'text/plain; charset=utf-8'] as const;

export function forbid(decision: Forbid, context: ResponseContext, options: RenderOptions): AuthResponse {
  const { reason, message } = decision;
  if (!decision.application || !wantsPage(context)) return denyText(context, reason, { message });
  return withPage(context, reason, options.deniedPage(decision, context.requestId));
}

export function unknownHost(
  { host, known }: UnknownHost,
  context: ResponseContext,
  options: RenderOptions,
): AuthResponse {
  if (wantsPage(context)) {
    return withPage(context, 'unknown_host', options.unknownHostPage(host, context.requestId, known));
  }
  const only = known.length > 0 ? `, only for ${known.join(', ')}` : '';
  return denyText(context, 'unknown_host', { message: `no application is configured for the host ${host}${only}` });
}

export function unavailable(reason: Unavailable['reason'], context: ResponseContext): AuthResponse {
  return denyText(context, reason, reason === 'internal_error' ? {} : { retryAfter: RETRY_AFTER_SECONDS });
}

interface TextOptions {
  message?: string;
  /** Seconds. */
  retryAfter?: number;
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
  return withBody(status, headers, `${message}\n`);
}

export function withBody(status: number, headers: readonly string[], body: string): AuthResponse {
  return { status, headers: [...headers, 'Content-Length', String(Buffer.byteLength(body))], body };
}

/** A proxy that takes anything but 200, 401, 403 and 5xx for an error gets a 403 in place of other statuses. */
function statusOf(reason: Reason, { capabilities }: ResponseContext): number {
  const { status } = REASONS[reason];
  return !capabilities.anyStatus && status > 403 && status < 500 ? 403 : status;
}

function wantsPage({ request }: ResponseContext): boolean {
  return request !== undefined && isNavigation(request) && !prefersJson(request);
}

function withPage(context: ResponseContext, reason: Reason, page: RenderedPage): AuthResponse {
  return withBody(statusOf(reason, context), [...page.headers, 'X-Gatepost-Reason', reason], page.body);
}
