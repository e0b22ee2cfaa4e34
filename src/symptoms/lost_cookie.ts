/** Logins that are completed, and a session cookie that no auth request has: why the visitor goes round in circles. */
import { isHttps } from '../endpoints.ts';
import type { Look, Say, SymptomApplication } from './symptom.ts';

/** A session cookie that came in so long a time shows that cookies work: then it is this one browser. */
const RECENT_MS = 600_000;

/**
 * `kept`: the browser sends the cookie to Gatepost's own pages. `lost`: it does not send it at all.
 */
export type CookieFate = 'kept' | 'lost';

export function createLostCookie(say: Say, elapsed: () => number, { slug, config }: SymptomApplication) {
  let seenAt = Number.NEGATIVE_INFINITY;
  const look: Look = (_request, login, atMs) => {
    if (login !== undefined) seenAt = atMs;
  };
  return {
    look,
    /** A browser logged in three times in half a minute. */
    looped(fate: CookieFate): void {
      if (elapsed() - seenAt < RECENT_MS) return;
      say('proxy.cookie_lost', slug, () => (fate === 'kept' ? NOT_PASSED_ON : notKept(config)));
    },
  };
}

const NOT_PASSED_ON =
  'logins are completed and the browser sends the session cookie to the pages of Gatepost, but no auth request has it: the proxy does not send Cookie with its auth request, or another process that has not this store answers it';

function notKept(config: SymptomApplication['config']): string {
  const { mode, cookie_domain, external_host } = config;
  const domain =
    mode === 'forward_domain'
      ? `cookie_domain (${cookie_domain}) is not above the host that is open in the browser`
      : `the browser has the site open under another host than ${external_host}`;
  const scheme = isHttps(config) ? 'the browser uses http, where it keeps no Secure cookie' : 'the browser forces https';
  return `logins are completed, but the browser does not send their cookie back: ${domain}, ${scheme}, or the proxy drops Set-Cookie from the response of the callback`;
}
