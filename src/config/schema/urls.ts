/** The URLs of an application: its own, the domain of its cookie, its provider. */
import { isIP } from 'node:net';
import { hostnameOf, wildcardParent } from '../../http/host.ts';
import { parseHost } from '../../http/url.ts';
import { isPublicSuffix } from '../public_suffixes.ts';
import { scalar } from './scalars.ts';

const ALLOWED_HOST = 'scheme, host and, if need be, port, such as `https://grafana.example.com`';

/** `https://host[:port]`: lower case, without the scheme's default port. */
export function externalHost() {
  return scalar(ALLOWED_HOST, (input) => readHost(input, ALLOWED_HOST));
}

function readHost(input: string, allowed: string): string {
  const form = /^https?:\/\/[^/?#\\@\s]+\/?$/i.test(input) && URL.canParse(input);
  const url = form ? new URL(input) : undefined;
  const host = url?.host.replace(/\.(:\d+)?$/, '$1') ?? '';
  // `URL` makes of a name what browsers send for it (`münchen.example`); the host is then read as that of a request.
  if (!url || typeof parseHost(host) !== 'string') {
    throw new Error(`must be ${allowed.replaceAll('`', '')}, and nothing else`);
  }
  return `${url.protocol}//${host}`;
}

const ALLOWED_FURTHER_HOST =
  'scheme, host and, if need be, port, such as `https://www.example.org`; `*` may stand for the whole first name, as in `https://*.apps.example.com`';

/** As `externalHost`, or with `*` in place of its first label. */
export function furtherHost() {
  return scalar(ALLOWED_FURTHER_HOST, (input) => {
    const parent = wildcardParent(input);
    const address = readHost(parent ?? input, ALLOWED_FURTHER_HOST);
    if (parent === undefined) return address;
    const { hostname } = new URL(address);
    if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) throw new Error('is no name: an address has no hosts under it');
    // Attack: the sites of strangers would be those of this application.
    if (isPublicSuffix(hostname)) {
      throw new Error(
        'stands for the hosts under a public suffix, where strangers have sites too: name your own domain',
      );
    }
    return address.replace('://', '://*.');
  });
}

const ALLOWED_DOMAIN = 'a domain name such as `example.com`, without scheme and port';

/**
 * A domain that cookies may be set for, lower case, without the leading dot of older cookie rules (RFC 6265, section
 * 5.2.3).
 */
export function cookieDomain() {
  return scalar(ALLOWED_DOMAIN, (input) => {
    const bare = input.replace(/^\./, '').replace(/\.$/, '');
    // `URL` for the name that browsers use (`münchen.example`), as above.
    const form = !/[\s/:?#@\\[\]%*]/.test(bare) && URL.canParse(`http://${bare}`);
    const name = form ? new URL(`http://${bare}`).hostname : '';
    if (!/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(name) || isIP(name) !== 0) {
      throw new Error(`must be ${ALLOWED_DOMAIN.replaceAll('`', '')}`);
    }
    // Attack: a stranger can register a name under a public suffix and would receive the session of every visitor.
    if (isPublicSuffix(name)) {
      throw new Error('is a public suffix, under which strangers have sites too: name your own domain under it');
    }
    return name;
  });
}

const ALLOWED_RULE_HOST = 'a host such as `wiki.example.com` or `*.example.com`, without scheme and path';

/** A host of a rule as `normalizeHost` gives it, `*.` before it where it stands for each label there. */
export function ruleHost() {
  return scalar(ALLOWED_RULE_HOST, (input) => {
    const [, wildcard = '', name = ''] = /^(\*\.)?([^\s/?#@\\%*]+)$/.exec(input) ?? [];
    // `URL` for the name that browsers use (`münchen.example`), as above.
    const host = URL.canParse(`http://${name}`) ? parseHost(new URL(`http://${name}`).host) : undefined;
    if (typeof host !== 'string' || (wildcard !== '' && isIP(hostnameOf(host).replace(/[[\]]/g, '')) !== 0))
      throw new Error(`must be ${ALLOWED_RULE_HOST.replaceAll('`', '')}`);
    return wildcard + host;
  });
}

const ALLOWED_ENDPOINT = 'the URL of an endpoint of the OpenID provider';

/** An endpoint that discovery does not name; it may have a query (RFC 6749 section 3.2). */
export function providerEndpoint() {
  return scalar(ALLOWED_ENDPOINT, (input) => {
    if (!/^https?:\/\/[^/?#\\@\s]+(?:[/?][^#\\\s]*)?$/i.test(input) || !URL.canParse(input)) {
      throw new Error(`must be ${ALLOWED_ENDPOINT}`);
    }
    return input;
  });
}

const ALLOWED_DISCOVERY =
  'the URL of a discovery document, such as `https://login.example.com/.well-known/openid-configuration`';

/** Where a discovery document is, as it stands: path and query are the provider's own. */
export function documentUrl() {
  return scalar(ALLOWED_DISCOVERY, (input) => {
    if (!/^https?:\/\/[^/?#\\@\s]+\/[^#\\\s]*$/i.test(input) || !URL.canParse(input)) {
      throw new Error(`must be ${ALLOWED_DISCOVERY.replaceAll('`', '')}`);
    }
    return input;
  });
}

const ALLOWED_ISSUER = 'the URL of the OpenID provider, without `/.well-known/openid-configuration`';

/**
 * An issuer, exactly as it was written: it is compared as text with what tokens say (OpenID Connect Core 1.0, section
 * 2).
 */
export function issuerUrl() {
  return scalar(ALLOWED_ISSUER, (input) => {
    if (!/^https?:\/\/[^/?#\\@\s]+(?:\/[^?#\\\s]*)?$/i.test(input) || !URL.canParse(input)) {
      throw new Error(`must be ${ALLOWED_ISSUER.replaceAll('`', '')}`);
    }
    if (/\/\.well-known\//.test(input)) throw new Error('is the issuer alone, without /.well-known/…');
    // No URL has braces (RFC 3986 section 2): another word in them is a slip, and would match no token.
    if (/[{}]/.test(input.replace('{tenantid}', ''))) throw new Error('may have {tenantid} once, and no other braces');
    return input;
  });
}

const ALLOWED_PAGE = 'an `http:` or `https:` URL of at most 1,000 characters, as it is registered at the provider';

/** The address of a page, exactly as it was written: providers compare it as text. */
export function pageUrl() {
  return scalar(ALLOWED_PAGE, (input) => {
    if (!/^https?:\/\/[^/?#\\@\s]+(?:[/?][^#\\\s]*)?$/i.test(input) || !URL.canParse(input) || input.length > 1000) {
      throw new Error(`must be ${ALLOWED_PAGE.replaceAll('`', '')}`);
    }
    return input;
  });
}
