/** Denials: 403, 404, 429, 500 and 503 as text, or as a page for a browser that navigates. */
import type { Forbid, Unavailable } from '../decision/decision.ts';
import { isNavigation, prefersJson } from '../http/request_kind.ts';
import { REASONS, RETRY_AFTER_SECONDS, type Reason } from '../reasons.ts';
import type { AuthResponse, RenderedPage, RenderOptions, ResponseContext } from './response.ts';

export const NO_STORE = ['Cache-Control', 'no-store'] as const;
export const TEXT = ['Content-Type', 'text/plain; charset=utf-8'] as const;

export function forbid(decision: Forbid, context: ResponseContext, options: RenderOptions): AuthResponse {
  const { reason, message } = decision;
  if (!decision.application || !wantsPage(context)) return denyText(context, 403, reason, [], message);
  return withPage(403, reason, options.deniedPage(decision, context.requestId));
}

export function unknownHost(host: string, context: ResponseContext, options: RenderOptions): AuthResponse {
  const status = statusFor(context, 404);
  if (wantsPage(context)) return withPage(status, 'unknown_host', options.unknownHostPage(host, context.requestId));
  return denyText(context, status, 'unknown_host', [], `no application is configured for the host ${host}`);
}

export function unavailable(reason: Unavailable['reason'], context: ResponseContext): AuthResponse {
  const retry = reason === 'internal_error' ? [] : ['Retry-After', String(RETRY_AFTER_SECONDS)];
  return denyText(context, REASONS[reason].status, reason, retry);
}

/** @param message the sentence of the reason where it is left out */
export function denyText(
  context: ResponseContext,
  status: number,
  reason: Reason,
  more: readonly string[] = [],
  message: string = REASONS[reason].text,
): AuthResponse {
  const headers = [...NO_STORE, 'X-Gatepost-Reason', reason, ...more, ...TEXT];
  return withBody(statusFor(context, status), headers, `${message}\n`);
}

export function withBody(status: number, headers: readonly string[], body: string): AuthResponse {
  return { status, headers: [...headers, 'Content-Length', String(Buffer.byteLength(body))], body };
}

/** A proxy that takes anything but 200, 401, 403 and 5xx for an error gets a 403 in place of other statuses. */
function statusFor({ request, capabilities }: ResponseContext, status: number): number {
  return request && !capabilities.anyStatus && status > 403 && status < 500 ? 403 : status;
}

function wantsPage({ request }: ResponseContext): boolean {
  return request !== undefined && isNavigation(request) && !prefersJson(request);
}

function withPage(status: number, reason: Reason, page: RenderedPage): AuthResponse {
  return withBody(status, [...page.headers, 'X-Gatepost-Reason', reason], page.body);
}
