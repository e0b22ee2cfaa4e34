/** The pages that a proxy passes on to a browser: a user may not open the address, or no application has the host. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { endpointUrl } from '../endpoints.ts';
import { displayName, type User } from '../identity.ts';
import type { Reason } from '../reasons.ts';
import type { Session } from '../sessions/session.ts';
import { unknownHostPage } from './errors.ts';
import { type PageContent, pageHeaders, renderPage } from './layout.ts';
import { unusableIdentity } from './login.ts';

/** What the page of a denial says; a `Forbid` has all of it. */
export interface Denied {
  reason: Reason;
  application?: { config: ApplicationConfig } | undefined;
  /** The session of the user, where one is signed in. */
  subject?: { session: Pick<Session, 'user' | 'sub'> } | undefined;
  /** What is wrong with an identity that is unusable. */
  message?: string;
}

/** The page for a host that no application has. */
export function unknownHost(host: string, requestId: string, known: readonly string[]) {
  return forProxy(unknownHostPage(host, known), requestId);
}

/** The page for an address that the user, or everyone, may not open. */
export function deniedPage({ reason, application, subject, message = '' }: Denied, requestId: string) {
  const config = application?.config;
  const site = config?.name ?? 'this site';
  const facts: [string, string][] = [];
  if (subject) facts.push(['Account', accountOf(subject.session)]);
  if (config) facts.push(['Application', config.name]);
  // What the rule wants is for the operator, in the log; the visitor sees what is known of them.
  if (subject && reason === 'forbidden') facts.push(...factsOf(subject.session.user));
  const refused = subject
    ? [`You are signed in, but this account may not open this page of ${site}.`]
    : [`This page of ${site} is closed to everyone.`];
  const content: PageContent = {
    reason,
    ...(reason === 'unusable_identity'
      ? unusableIdentity(site, message)
      : { title: 'Access denied', paragraphs: refused }),
    facts,
    links: subject && config ? [{ text: 'Use another account', href: endpointUrl(config, 'sign_out') }] : [],
  };
  return forProxy(content, requestId);
}

/**
 * `Full Name (user name)`; without a user name, the e-mail address stands for the full name where that is missing too.
 */
function accountOf(session: Pick<Session, 'user' | 'sub'>): string {
  const { user } = session;
  const account = displayName(session);
  const fullName = user.name || (user.username === '' ? user.email : '');
  return fullName !== '' && fullName !== account ? `${fullName} (${account})` : account;
}

/** More groups would hide the rest of the page. */
const MAX_GROUPS = 50;

function factsOf({ groups, email, emailVerified, claims = {} }: User): [string, string][] {
  const more = groups.length > MAX_GROUPS ? [`and ${groups.length - MAX_GROUPS} more`] : [];
  const verified = emailVerified === undefined ? '' : emailVerified ? ' (verified)' : ' (not verified)';
  return [
    ['Groups', [...groups.slice(0, MAX_GROUPS), ...more].join(', ') || 'none'],
    ['E-mail', email === '' ? 'none' : `${email}${verified}`],
    ...Object.entries(claims).map(([name, values]): [string, string] => [name, values.join(', ') || 'none']),
  ];
}

/** A page as a proxy takes it: `headers` are names and values in turn. */
function forProxy(content: PageContent, requestId: string): { headers: string[]; body: string } {
  return { headers: pageHeaders(content).flat(), body: renderPage(content, requestId) };
}
