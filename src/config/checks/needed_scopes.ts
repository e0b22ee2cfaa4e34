/** Warns of settings that need a scope which is not requested. */
import type { Report } from '../problems.ts';
import { DEFAULT_SESSION_MAX_AGE_MS } from '../schema/scalars.ts';
import type { ValidApplication } from './types.ts';

type Warn = (key: string, message: string) => void;

/** OpenID Connect Core 1.0, sections 5.4 and 11; `ak_proxy` is authentik's own. */
export function warnOfNeededScopes(applications: readonly ValidApplication[], report: Report): void {
  applications.forEach((application, index) => {
    if (application.scopes === undefined) return;
    const warn: Warn = (key, message) => report(['applications', index, key], message);
    const lacks = (scope: string) => application.scopes?.includes(scope) === false;
    if (lacks('profile')) warnOfNames(application, warn);
    if (lacks('email')) warnOfEmails(application, warn);
    if (lacks('ak_proxy')) warnOfAttributes(application, warn);
    if (lacks('offline_access') && isMaxAgeMeant(application)) {
      warn(
        'session_max_age',
        'is for sessions with a refresh token: scopes need offline_access, or set session_lifetime',
      );
    }
  });
}

function warnOfNames({ claims }: ValidApplication, warn: Warn): void {
  if (claims?.preferred_username === undefined)
    warn('scopes', 'lack profile: most providers send no user name without it, and nobody is let in without one');
}

function warnOfEmails({ claims, access }: ValidApplication, warn: Warn): void {
  const rule = access?.findIndex(({ emails, email_verified }) => emails !== undefined || email_verified) ?? -1;
  if (claims?.email !== undefined || rule < 0) return;
  const key = access?.[rule]?.emails === undefined ? 'email_verified' : 'emails';
  warn('scopes', `lack email, which access[${rule}].${key} needs: most providers send no address without it`);
}

function warnOfAttributes(application: ValidApplication, warn: Warn): void {
  if (!application.basic_auth_enabled || application.claims?.ak_proxy !== undefined) return;
  const keys = ['basic_auth_user_attribute', 'basic_auth_password_attribute'] as const;
  const key = keys.find((one) => application[one] !== undefined);
  if (key !== undefined)
    warn(key, 'is one of ak_proxy.user_attributes: scopes need ak_proxy (authentik), or claims a place for ak_proxy');
}

/** Another than the default was written, and nothing else says how long a session lives. */
function isMaxAgeMeant({ session_max_age: age, session_lifetime }: ValidApplication): boolean {
  return age !== undefined && age !== DEFAULT_SESSION_MAX_AGE_MS && session_lifetime === undefined;
}
