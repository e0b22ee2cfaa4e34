/** Responds to a browser, and says what became of the request. */
import type { Context } from 'koa';
import type { PageContent } from '../pages/layout.ts';
import { sendPage } from '../pages/send.ts';
import type { Outcome } from './context.ts';

/** @param detail for the log alone */
export function respondWithPage(ctx: Context, page: PageContent, outcome: string, detail?: string): Outcome {
  sendPage(ctx, page);
  return { outcome, reason: page.reason, detail };
}
