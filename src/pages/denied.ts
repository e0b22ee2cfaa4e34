/** The pages that a proxy shows for a refusal: somebody may not, or the host is nobody's. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Reason } from '../reasons.ts';
import type { Session } from '../sessions/session.ts';
import { pageHeaders, renderPage } from './layout.ts';
import { ours, unknownHostPage } from './login.ts';

/** What the page of a refusal needs to know. */
export interface Denied {
  reason: Reason;
  application?: { config: ApplicationConfig } | undefined;
  subject?: { session: Pick<Session, 'user' | 'sub'> } | undefined;
}

/** The page for a host that is nobody's, where a proxy asks about it. */
export function unknownHost(host: string, requestId: string) {
  const { title, paragraphs, code } = unknownHostPage(host);
  return { headers: pageHeaders.flat(), body: renderPage({ title, paragraphs, requestId, ...(code && { code }) }) };
}

/** The page for somebody who is known (or not) and may not: its headers, a name and a value in turn, and its body. */
export function deniedPage({ reason, application, subject }: Denied, requestId: string) {
  const user = subject?.session.user;
  const name = user?.username || user?.email || subject?.session.sub;
  const config = application?.config;
  const paragraphs = name
    ? [`You are signed in, but this account may not open this page of ${config?.name ?? 'this site'}.`]
    : [`This page of ${config?.name ?? 'this site'} is not open to anybody.`];
  const facts: [string, string][] = [];
  if (name) facts.push(['Account', user?.name && user.name !== name ? `${user.name} (${name})` : name]);
  if (config) facts.push(['Application', config.name]);
  const links = name && config ? [{ text: 'Use another account', href: ours(config, 'sign_out') }] : [];
  const body = renderPage({ title: 'Access denied', paragraphs, facts, links, code: reason, requestId });
  return { headers: pageHeaders.flat(), body };
}
