/** What the pages need of an application, and the links that they have in common. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { startUrl } from '../endpoints.ts';
import type { Link } from './content.ts';

export type PageApplication = Pick<ApplicationConfig, 'name' | 'external_host'>;

/**
 * A link that begins a login.
 * @param returnTo the absolute URL that the login leads to
 */
export function startLink(application: PageApplication, returnTo: string, text: string): Link {
  return { text, href: startUrl(application, returnTo) };
}
