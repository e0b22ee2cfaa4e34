/** The page for an address that the user, or everyone, may not open. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { endpointUrl } from '../endpoints.ts';
import { displayName, type User } from '../identity.ts';
import type { Reason } from '../reasons.ts';
import type { Session } from '../sessions/session.ts';
import type { Action, Fact } from './content.ts';
import type { ErrorPage } from './errors.ts';
import type { Texts } from './texts/index.ts';
import { unusableAccount } from './unusable.ts';

/** What a page says of a session. */
export type Person = Pick<Session, 'user' | 'sub'>;

/** What the page of a denial says; a `Forbid` has all of it. */
export interface Denied {
  reason: Reason;
  application: { config: Pick<ApplicationConfig, 'name' | 'external_host'> };
  /** The session of the user, where one is signed in. */
  subject?: { session: Person } | undefined;
}

export function deniedPage({ reason, application: { config }, subject }: Denied): ErrorPage {
  const { name } = config;
  return {
    reason,
    content: (texts) => {
      const { denied } = texts.access;
      const session = subject?.session;
      const facts = factsOf(name, reason, session, texts);
      const another: Action[] = session
        ? [
            { text: denied.otherAccount, href: endpointUrl(config, 'sign_out') },
            { text: texts.session.link, href: endpointUrl(config, 'session') },
          ]
        : [];
      if (reason === 'unusable_identity') {
        const { title, blocks } = unusableAccount(name, session?.user, texts);
        const [why = '', ...rest] = blocks;
        return { title, blocks: [why, { facts }, ...rest], actions: another };
      }
      const blocks = session ? [denied.account(name), denied.ask, { facts }] : [denied.everyone(name)];
      return { title: denied.title, blocks, actions: another };
    },
  };
}

/** What the rule wants is for the operator, in the log; the visitor sees what is known of them. */
function factsOf(site: string, reason: Reason, session: Person | undefined, { access: { facts } }: Texts): Fact[] {
  const account: Fact[] = session ? [[facts.account, accountOf(session)]] : [];
  const own = session && reason === 'forbidden' ? ownFacts(session.user, facts) : [];
  return [...account, [facts.application, site], ...own];
}

/**
 * `Full Name (user name)`; without a user name, the e-mail address stands for the full name where that is missing too.
 */
export function accountOf(session: Person): string {
  const { user } = session;
  const account = displayName(session);
  const fullName = user.name || (user.username === '' ? user.email : '');
  return fullName !== '' && fullName !== account ? `${fullName} (${account})` : account;
}

/** More groups, or values of a claim, would hide the rest of the page. */
const MAX_GROUPS = 50;

/** Longer names of groups are cut off: HAProxy reads no more than 64 KiB of a response. */
const MAX_GROUP_CHARS = 80;

const short = (name: string) => (name.length > MAX_GROUP_CHARS ? `${name.slice(0, MAX_GROUP_CHARS)}…` : name);

function valuesOf(values: readonly string[], facts: Texts['access']['facts']): string {
  const more = values.length > MAX_GROUPS ? [facts.more(values.length - MAX_GROUPS)] : [];
  return [...values.slice(0, MAX_GROUPS).map(short), ...more].join(', ') || facts.none;
}

/** The groups, the e-mail address with what is known of it, and the claims that the rules name. */
export function ownFacts({ groups, email, emailVerified, claims = {} }: User, facts: Texts['access']['facts']): Fact[] {
  return [
    [facts.groups, valuesOf(groups, facts)],
    [facts.email, email === '' ? facts.none : describeEmail(email, emailVerified, facts)],
    ...Object.entries(claims).map(([name, values]): Fact => [short(name), valuesOf(values, facts)]),
  ];
}

function describeEmail(email: string, verified: boolean | undefined, facts: Texts['access']['facts']): string {
  if (verified === undefined) return email;
  return verified ? facts.verified(email) : facts.notVerified(email);
}
