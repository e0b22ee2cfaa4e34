/** The responses of the sign-in endpoints, each with the outcome that the log has of it. */
import type { Context } from 'koa';
import type { Page } from '../pages/content.ts';
import { redirect, sendPage } from '../pages/send.ts';
import { RETRY_AFTER_SECONDS, type Reason } from '../reasons.ts';
import type { EndpointRequest, Outcome } from './context.ts';

/** @param detail for the log alone */
export function respondWithPage(
  { ctx, site }: Pick<EndpointRequest, 'ctx' | 'site'>,
  page: Page,
  outcome: string,
  detail?: string,
): Outcome {
  sendPage(ctx, page, site);
  return { outcome, reason: page.reason, detail };
}

/** @param url absolute */
export function respondWithRedirect(ctx: Context, url: string, outcome: string, user?: string): Outcome {
  redirect(ctx, url);
  return { outcome, reason: undefined, user };
}

/** An error for a program (RFC 6749 section 5.2). */
export interface JsonError {
  status: number;
  reason: Reason;
  error: string;
  /** Safe to show. */
  description: string;
  /** Where a login begins. */
  login_url?: string;
}

/** @param detail for the log alone */
export function respondWithJson(ctx: Context, problem: JsonError, outcome: string, detail?: string): Outcome {
  ctx.status = problem.status;
  ctx.set('Cache-Control', 'no-store');
  ctx.set('X-Gatepost-Reason', problem.reason);
  if (problem.status === 503) ctx.set('Retry-After', String(RETRY_AFTER_SECONDS));
  const { error, description: error_description, login_url } = problem;
  ctx.body = { error, error_description, ...(login_url !== undefined && { login_url }) };
  return { outcome, reason: problem.reason, detail };
}
