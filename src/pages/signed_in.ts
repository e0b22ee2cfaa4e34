/** The page at the end of a login whose cookie a redirect would leave behind. */
import type { PageApplication } from './application.ts';
import type { Page } from './content.ts';

/**
 * Browsers send a cookie with `SameSite=Strict` only where a page of the same site leads on. A redirect belongs to the page
 * of the provider that began it: the visitor would come without the session, and log in for ever.
 */
export function signedInPage({ name }: PageApplication, returnTo: string): Page {
  return {
    goOnTo: returnTo,
    content: ({ login: { done } }) => ({
      title: done.title,
      blocks: [done.text(name)],
      actions: [{ text: done.goOn, href: returnTo }],
    }),
  };
}
