/**
 * The issuer that an accepted token names, in outpost mode. authentik builds it anew from the host and scheme that each
 * request names, so that the rewritten one and that of its API are one issuer under two names, with one key.
 */
import { createWarnOnce } from '../observe/warn_once.ts';
import type { ProviderContext } from './context.ts';
import { quoted } from './describe_failure.ts';
import { filedIssuer, type IssuerKeys } from './issuers.ts';

const REMEDY =
  'authentik builds it from the Host and X-Forwarded-Proto of each request: compare AUTHENTIK_HOST and AUTHENTIK_HOST_BROWSER with its address in browsers, and see that a proxy in front of it hands both headers on and is one that authentik trusts';

/**
 * The name under which sessions of this issuer are filed. Says once that it is not the one that the token has.
 * @param accepted the `iss` of a token that passed its checks
 */
export function fileIssuer({ application, events }: ProviderContext, accepted: string): string {
  const filed = filedIssuer(application, accepted);
  if (filed !== accepted) warnOfSecond({ application, events }, accepted, filed);
  return filed;
}

function warnOfSecond(
  { application: { slug }, events }: Pick<ProviderContext, 'application' | 'events'>,
  second: string,
  first: string,
): void {
  createWarnOnce(events, `issuers of ${slug}`)(`${first} ${second}`, () => ({
    event: 'provider.second_issuer',
    message: `tokens of authentik name the issuer ${quoted(second)} in place of ${quoted(first)}: both are accepted, as their key is the same. ${REMEDY}`,
    application: slug,
  }));
}

/**
 * For the log: which issuer came, which count, and where to look.
 * @returns `undefined` where authentik does not manage the provider
 */
export function describeWrongIssuer({ managed }: Pick<IssuerKeys, 'managed'>, iss: unknown): string | undefined {
  if (managed === undefined) return undefined;
  const accepted = managed.issuers.map(quoted).join(' or ');
  return `iss is ${quoted(iss)}, expected ${accepted}. ${REMEDY}`;
}
