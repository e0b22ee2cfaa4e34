/**
 * The identity headers of a 200: all twelve of authentik's always, so that nothing that a client sent survives, and those
 * of `identity_headers`; rendered once per session.
 */
import { namedHeaders } from '../config/identity_headers.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { headerValue } from '../http/headers.ts';
import { foldHeaderName } from '../http/reserved_headers.ts';
import type { Session } from '../sessions/session.ts';
import { additionalHeaders } from './additional_headers.ts';
import { authentikHeaders, type MetaHeaders } from './authentik_headers.ts';
import { namedValue, type OnUnusable } from './named_headers.ts';

/** What the log is told of what is not sent. */
export interface HeaderReports {
  /** Called with the name of each additional header that is left out. */
  onRefused(name: string): void;
  /** Called for each value of a header of `identity_headers` that is left out. */
  onUnusable: OnUnusable;
}

type HeaderConfig = Pick<ApplicationConfig, 'identity_headers'>;

/**
 * The names of all identity headers that each 200 of an application has, whatever `additionalHeaders` add: those of which
 * a proxy must remove the client's and pass on the response's.
 */
export function identityHeaderNames({ identity_headers }: HeaderConfig): string[] {
  const meta = { outpost: '', application: { name: '', slug: '', identity_headers }, jwksUri: '' };
  return [...authentikHeaders(meta, undefined), ...namedHeaders({ identity_headers }).map(({ name }) => [name])].map(
    ([name = '']) => name,
  );
}

/**
 * With a preset other than `authentik` its twelve headers are those of a request without identity: the application knows
 * the user by other names, and has no use for the token.
 * @param session `undefined`: a request without identity
 * @returns names and values alternate; control characters and anything beyond ASCII are made safe
 */
export function identityHeaders(
  meta: MetaHeaders,
  session: Session | undefined,
  { onRefused, onUnusable }: HeaderReports,
): readonly string[] {
  const { application } = meta;
  const user = session?.user;
  const named = namedHeaders(application);
  const taken = new Set(named.map(({ name }) => foldHeaderName(name)));
  const pairs: [string, string | undefined][] = [
    ...authentikHeaders(meta, application.identity_headers.preset === 'authentik' ? session : undefined),
    ...named.map((header): [string, string] => [header.name, user ? namedValue(header, user, onUnusable) : '']),
    ...(user ? additionalHeaders(user.attributes, taken, onRefused) : []),
  ];
  return pairs.flatMap(([name, value]) => [name, headerValue(value ?? '')]);
}
