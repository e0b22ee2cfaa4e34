/** The page at the end of a login whose cookie a redirect would leave behind. */
import type { PageContent } from './layout.ts';
import type { PageApplication } from './login.ts';

/**
 * Browsers send a cookie with `SameSite=Strict` only where a page of the same site leads on. A redirect belongs to the page
 * of the provider that began it: the visitor would come without the session, and log in for ever.
 */
export function signedInPage({ name }: PageApplication, returnTo: string): PageContent {
  return {
    title: 'Signed in',
    paragraphs: [`You are signed in to ${name}, and go on at once.`],
    links: [{ text: 'Go on', href: returnTo }],
    goOnTo: returnTo,
  };
}
