/** Logins that are completed, and a session cookie that no auth request has: why the visitor goes round in circles. */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isHttps } from '../endpoints.ts';
import type { Look, Say } from './symptom.ts';

/** A session cookie that came in so long a time shows that cookies work: then it is this one browser. */
const RECENT_MS = 600_000;

/**
 * What a page of Gatepost sees of the session cookie. `kept`: it comes, and its session is there. `unknown`: it comes,
 * and this process knows no session of it. `lost`: it does not come.
 */
export type CookieFate = 'kept' | 'unknown' | 'lost';

export function createLostCookie(say: Say, elapsed: () => number, application: ApplicationConfig) {
  let seenAt = Number.NEGATIVE_INFINITY;
  const look: Look = (_request, login) => {
    if (login !== undefined) seenAt = elapsed();
  };
  return {
    look,
    /** A browser logged in three times in half a minute. */
    looped(fate: CookieFate): void {
      if (elapsed() - seenAt < RECENT_MS) return;
      say('proxy.cookie_lost', application.slug, () => SENTENCES[fate](application));
    },
  };
}

const OTHER_PROCESS = 'another process, which has not this store, answers';

const SENTENCES: Record<CookieFate, (application: ApplicationConfig) => string> = {
  kept: () =>
    `logins are completed and their cookie comes to the pages of Gatepost, but with no auth request: the proxy does not send Cookie with it, or ${OTHER_PROCESS} it`,
  unknown: () =>
    `logins are completed and their cookie comes back, but its session is not here: ${OTHER_PROCESS} (several processes need one store: file:// or redis://)`,
  lost: (application) =>
    `logins are completed, but their cookie does not come back: ${hostCause(application)}, ${schemeCause(application)}, or the proxy drops Set-Cookie from the response of the callback`,
};

function hostCause({ mode, cookie_domain, external_host }: ApplicationConfig): string {
  return mode === 'forward_domain'
    ? `the host that is open in the browser is not under cookie_domain (${cookie_domain})`
    : `the site is open under another host than ${external_host}`;
}

function schemeCause(application: ApplicationConfig): string {
  return isHttps(application)
    ? 'it is open over http, where a browser keeps no Secure cookie'
    : 'it is open over https, where an older cookie of the same name counts';
}
