/**
 * The addresses of a provider, from the `oidc_configuration` that authentik sends: which of them Gatepost asks, which
 * browsers are sent to, and which issuers its tokens may name. Pure.
 */
import type { ManagedMetadata } from '../config/managed.ts';
import { isObject } from '../json.ts';
import { ASYMMETRIC_ALGORITHMS } from '../provider/algorithms.ts';
import { Refusal } from './refusal.ts';

/** authentik as it is reached. */
export interface Reach {
  /** `AUTHENTIK_HOST`. */
  host: URL;
  /** The origin for browsers, where one is given. */
  hostBrowser: string | undefined;
}

export interface ProviderUrls {
  metadata: ManagedMetadata;
  issuers: readonly [string, ...string[]];
  /** authentik says `http:` of an address that is reached by https. */
  isUpgraded: boolean;
  /** Origins that are asked beside that of `AUTHENTIK_HOST`: a Base URL. */
  elsewhere: readonly string[];
}

const FIELD = 'oidc_configuration';

/** @throws Refusal */
export function readProviderUrls(oidc: unknown, reach: Reach): ProviderUrls {
  if (!isObject(oidc)) throw new Refusal(FIELD, 'is missing');
  const { hostBrowser } = reach;
  const elsewhere = new Set<string>();
  let isUpgraded = false;

  /** As Gatepost asks it. */
  const asked = (name: string): string | undefined => {
    const text = readUrl(oidc, name);
    if (text === undefined) return undefined;
    const { origin, protocol } = new URL(text);
    if (origin === reach.host.origin) return text;
    if (protocol === 'https:') {
      elsewhere.add(origin);
      return text;
    }
    checkPlainHttp(name, text, reach);
    isUpgraded = true;
    return withOrigin(text, reach.host.origin);
  };
  /** As browsers are sent there. */
  const forBrowsers = (name: string): string | undefined => {
    if (hostBrowser === undefined) return asked(name);
    const text = readUrl(oidc, name);
    return text === undefined ? undefined : withOrigin(text, hostBrowser);
  };

  const own = needed('issuer', readUrl(oidc, 'issuer'));
  checkPlainHttp('issuer', own, reach);
  const issuer = hostBrowser === undefined ? own : withOrigin(own, hostBrowser);
  const metadata: ManagedMetadata = {
    issuer,
    authorization_endpoint: needed('authorization_endpoint', forBrowsers('authorization_endpoint')),
    token_endpoint: needed('token_endpoint', asked('token_endpoint')),
    jwks_uri: needed('jwks_uri', asked('jwks_uri')),
    ...optional('userinfo_endpoint', asked),
    ...optional('introspection_endpoint', asked),
    ...optional('end_session_endpoint', forBrowsers),
    id_token_signing_alg_values_supported: readAlgorithms(oidc.id_token_signing_alg_values_supported),
  };
  // The same key vouches for both: authentik writes the one or the other by the Host of the request.
  return { metadata, issuers: issuer === own ? [issuer] : [issuer, own], isUpgraded, elsewhere: [...elsewhere] };
}

const SYNTAX = /^https?:\/\/[^/?#\\@\s]+(?:[/?][^#\\\s]*)?$/i;

/** As it is written; `undefined` where there is none. */
function readUrl(oidc: Record<string, unknown>, name: string): string | undefined {
  const text = oidc[name];
  if (text === undefined || text === null || text === '') return undefined;
  if (typeof text === 'string' && SYNTAX.test(text) && URL.canParse(text)) return text;
  throw new Refusal(`${FIELD}.${name}`, 'is no http: or https: URL');
}

/**
 * Attack: plain http to any host that an answer names would give codes, secrets and keys to whoever is on the way. Where
 * an https `AUTHENTIK_HOST` says `http:` of itself, a proxy in front of it ends TLS, and https reaches it.
 */
function checkPlainHttp(name: string, text: string, { host }: Reach): void {
  const { protocol, origin, hostname, port } = new URL(text);
  if (protocol === 'https:' || origin === host.origin) return;
  const isItself = host.protocol === 'https:' && hostname === host.hostname;
  // authentik takes the port from the Host header, if one is there.
  if (isItself && (port === host.port || port === (host.port || '443'))) return;
  const where = `is http: at ${hostname}${port && `:${port}`}`;
  throw new Refusal(`${FIELD}.${name}`, `${where}; only AUTHENTIK_HOST itself may be asked without TLS`);
}

function needed(name: string, text: string | undefined): string {
  if (text === undefined) throw new Refusal(`${FIELD}.${name}`, 'is missing');
  return text;
}

function optional(name: string, read: (name: string) => string | undefined): { [name: string]: string } {
  const text = read(name);
  return text === undefined ? {} : { [name]: text };
}

/** The rest stays as it is written: an issuer is compared as text. */
const withOrigin = (text: string, origin: string) => text.replace(/^https?:\/\/[^/?#]*/i, () => origin);

/**
 * authentik signs with the client's secret where it has no key.
 * Attack: with that one secret anybody could write tokens. So it counts only where authentik names nothing else.
 */
function readAlgorithms(given: unknown): readonly string[] {
  const names: unknown[] = Array.isArray(given) ? given : [];
  const asymmetric = ASYMMETRIC_ALGORITHMS.filter((name) => names.includes(name));
  if (asymmetric.length > 0) return asymmetric;
  if (names.includes('HS256')) return ['HS256'];
  throw new Refusal(`${FIELD}.id_token_signing_alg_values_supported`, 'has no algorithm that is known here');
}
