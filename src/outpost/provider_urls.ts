/**
 * The addresses of a provider, from the `oidc_configuration` that authentik sends: which of them Gatepost asks, which
 * browsers are sent to, and which issuers its tokens may name. Pure.
 */
import type { ManagedMetadata } from '../config/managed.ts';
import { isLoopback } from '../http/host.ts';
import { isNonEmptyString, isObject } from '../json.ts';
import { Refusal } from './refusal.ts';

/** authentik as it is reached. */
export interface Reach {
  /** `AUTHENTIK_HOST`. */
  host: URL;
  /** The origin for browsers, where it is another one. */
  hostBrowser: string | undefined;
}

export interface ProviderUrls {
  metadata: ManagedMetadata;
  issuers: readonly [string, ...string[]];
  /** authentik says `http:` of an address that is reached by https. */
  isUpgraded: boolean;
  /** Another origin than that of `AUTHENTIK_HOST`, whose requests go there: a Base URL. */
  elsewhere: string | undefined;
  /** Browsers are sent to plain http, and not on this machine. */
  isPlainForBrowsers: boolean;
}

const FIELD = 'oidc_configuration';

/** @throws Refusal */
export function readProviderUrls(value: unknown, reach: Reach): ProviderUrls {
  if (!isObject(value)) throw new Refusal(FIELD, 'is missing');
  const { host, hostBrowser } = reach;
  let isUpgraded = false;
  let elsewhere: string | undefined;

  /** As Gatepost asks it. */
  function asked(name: string, text: string): string {
    const url = parse(name, text);
    if (url.origin === host.origin) return text;
    if (url.protocol === 'https:') {
      elsewhere = url.origin;
      return text;
    }
    // Attack: plain http to any host that an answer names would give codes, secrets and keys to whoever is on the way.
    if (host.protocol !== 'https:' || url.host !== host.host)
      throw new Refusal(
        `${FIELD}.${name}`,
        `is http: at ${url.host}; only AUTHENTIK_HOST itself may be asked without TLS`,
      );
    isUpgraded = true;
    return withOrigin(text, host.origin);
  }
  /** As browsers are sent there. */
  const forBrowsers = (name: string, text: string) =>
    hostBrowser === undefined ? asked(name, text) : withOrigin(checked(name, text), hostBrowser);
  const required = (name: string): string => {
    const text = value[name];
    if (!isNonEmptyString(text)) throw new Refusal(`${FIELD}.${name}`, 'is missing');
    return text;
  };
  const optional = (name: string, read: (name: string, text: string) => string) => {
    const text = value[name];
    return isNonEmptyString(text) ? { [name]: read(name, text) } : {};
  };

  const given = checked('issuer', required('issuer'));
  const issuer = hostBrowser === undefined ? given : withOrigin(given, hostBrowser);
  const authorization = forBrowsers('authorization_endpoint', required('authorization_endpoint'));
  const metadata: ManagedMetadata = {
    issuer,
    authorization_endpoint: authorization,
    token_endpoint: asked('token_endpoint', required('token_endpoint')),
    jwks_uri: asked('jwks_uri', required('jwks_uri')),
    ...optional('userinfo_endpoint', asked),
    ...optional('introspection_endpoint', asked),
    ...optional('end_session_endpoint', forBrowsers),
    id_token_signing_alg_values_supported: algorithms(value.id_token_signing_alg_values_supported),
  };
  const { protocol, hostname } = new URL(authorization);
  return {
    metadata,
    // The same key vouches for both: authentik writes the one or the other by the Host of the request.
    issuers: issuer === given ? [issuer] : [issuer, given],
    isUpgraded,
    elsewhere,
    isPlainForBrowsers: protocol === 'http:' && !isLoopback(hostname),
  };
}

function parse(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new Refusal(`${FIELD}.${name}`, 'is no http: or https: URL');
  return url;
}

function checked(name: string, text: string): string {
  parse(name, text);
  return text;
}

/** The rest stays as it is written: an issuer is compared as text. */
const withOrigin = (text: string, origin: string) => text.replace(/^https?:\/\/[^/?#]*/i, () => origin);

function algorithms(value: unknown): readonly string[] {
  const names = Array.isArray(value) ? value.filter(isNonEmptyString) : [];
  if (names.length === 0) throw new Refusal(`${FIELD}.id_token_signing_alg_values_supported`, 'names no algorithm');
  return names;
}
