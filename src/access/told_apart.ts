/** Whether the rules of an application decide by which of its hosts a request is about. Pure. */
import { hostnameOf } from '../http/host.ts';
import type { RequestUrl } from '../http/url.ts';
import type { AccessRules } from './rules.ts';

/**
 * Whether it matters to the rules that a request is about this URL, and not about the same path at another host of the
 * application. In doubt it does.
 */
export function areToldApart({ list, match }: AccessRules, url: RequestUrl, host: string): boolean {
  if (hostnameOf(host) === hostnameOf(url.host)) return false;
  // Methods and addresses count as well there.
  if (list.some(({ hosts }) => hosts !== undefined)) return true;
  if (!list.some(({ wholeUrl }) => wholeUrl)) return false;
  const rulesAt = (at: string) =>
    match({ host: at, path: url.path, href: `${url.scheme}://${at}/`, method: undefined, clientAddress: undefined })
      .map(({ name }) => name)
      .join();
  return rulesAt(host) !== rulesAt(url.host);
}
