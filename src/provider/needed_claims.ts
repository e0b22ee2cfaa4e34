/** Which claims an application needs, and whether the tokens lack one of them. Pure. */
import { sendsField } from '../config/identity_headers.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isObject } from '../json.ts';
import { pathsOf, type Sources } from './claim_path.ts';
import { type ClaimName, hasReadable, type OnLeftOut } from './claims.ts';
import { saysVerification } from './email_verification.ts';
import { lacksHeaderClaim } from './header_claims.ts';
import { lacksRuleClaim } from './kept_claims.ts';

type Needs = Pick<
  ApplicationConfig,
  | 'claims'
  | 'scopes'
  | 'access'
  | 'identity_headers'
  | 'basic_auth_enabled'
  | 'basic_auth_user_attribute'
  | 'basic_auth_password_attribute'
>;

/** Of headers, rules and pages. */
const HEADER_CLAIMS: readonly ClaimName[] = ['preferred_username', 'groups', 'entitlements', 'email', 'name'];

/** `ak_proxy` is authentik's own: other providers would be asked for it at every login, for nothing. */
function needsAttributes(application: Needs): boolean {
  const { basic_auth_user_attribute: user, basic_auth_password_attribute: password } = application;
  const isForBasic = application.basic_auth_enabled && (user !== undefined || password !== undefined);
  return isForBasic || application.scopes.includes('ak_proxy') || application.claims.ak_proxy !== undefined;
}

/** Whether a header, a rule or the mapping needs a claim that none of the sources has in a shape that can be read. */
export function lacksNeededClaim(sources: Sources, application: Needs): boolean {
  const { claims: mapping, access } = application;
  // No rule and no page has entitlements: they are for headers alone.
  const needed = HEADER_CLAIMS.filter((name) => name !== 'entitlements' || sendsField(application, name));
  if (mapping.sub !== undefined) needed.push('sub');
  if (needsAttributes(application)) needed.push('ak_proxy');
  if (needed.some((name) => !hasReadable(sources, mapping, name))) return true;
  if (lacksHeaderClaim(sources, application)) return true;
  const needsVerification = access.some(({ emails, email_verified }) => emails !== undefined || email_verified);
  return (needsVerification && !saysVerification(sources, mapping)) || lacksRuleClaim(sources, access);
}

/**
 * Reports claims that the provider keeps somewhere else: Entra leaves the groups of a user who is in many of them to
 * Microsoft Graph (OpenID Connect Core section 5.6.2, `_claim_names`; `hasgroups` in tokens of the implicit flow).
 */
export function reportElsewhere(sources: Sources, { claims: mapping }: Needs, onLeftOut: OnLeftOut): void {
  for (const name of HEADER_CLAIMS) {
    const isElsewhere = sources.some(({ _claim_names: names, hasgroups }) => {
      const isNamed = isObject(names) && pathsOf(mapping, name).some((path) => Object.hasOwn(names, path));
      return isNamed || (name === 'groups' && (hasgroups === true || hasgroups === 'true'));
    });
    if (isElsewhere && !hasReadable(sources, mapping, name)) onLeftOut(name, 'elsewhere', '');
  }
}
