/** Reads a provider's discovery document (OpenID Connect Discovery 1.0 section 4), and says what is wrong with one. */
import type { ServerMetadata } from 'openid-client';
import { readLimited } from '../http/read_limited.ts';
import { isObject } from '../json.ts';
import { acceptsDocument, type DiscoveryKeys } from './issuers.ts';
import type { OutboundFetch } from './outbound.ts';
import { PROVIDER_TIMEOUT_MS } from './time_limits.ts';

/** Usual ones have 5 KiB. */
const MAX_DOCUMENT_BYTES = 1_048_576;

const REQUIRED = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;
const OPTIONAL = [
  'userinfo_endpoint',
  'introspection_endpoint',
  'end_session_endpoint',
  'pushed_authorization_request_endpoint',
] as const;

/** Where the document of an application's provider is. */
export function discoveryUrl({ issuer, issuer_discovery_url }: DiscoveryKeys): string {
  return issuer_discovery_url ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/**
 * @throws Error with a sentence for the log: the address, and what came from it
 */
export async function fetchDocument(application: DiscoveryKeys, fetch: OutboundFetch): Promise<ServerMetadata> {
  const url = discoveryUrl(application);
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    // Attack: whoever can redirect a host name that moved away would name the keys.
    redirect: 'manual',
    signal: AbortSignal.timeout(PROVIDER_TIMEOUT_MS),
  }).catch((error: unknown) => {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    throw isLate ? new Error(`no answer from ${url} within ${PROVIDER_TIMEOUT_MS} ms`, { cause: error }) : error;
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`it answers ${response.status} at ${url}${whereTo(response)}; is the issuer right?`);
  }
  const document = withoutNulls(await readJson(response, url));
  checkDocumentIssuer(application, document.issuer, url);
  if (isServerMetadata(document, url)) return document;
  throw new Error(`the discovery document at ${url} cannot be used`);
}

function whereTo({ headers }: Response): string {
  const location = headers.get('location');
  return location === null ? '' : ` and redirects to ${quoted(location)}, which is not followed`;
}

async function readJson(response: Response, url: string): Promise<Record<string, unknown>> {
  const text = response.body === null ? '' : await readLimited(response.body, MAX_DOCUMENT_BYTES);
  try {
    const document: unknown = JSON.parse(text ?? '');
    if (isObject(document)) return document;
  } catch {
    // Said below; the parser's message would quote what came.
  }
  const type = response.headers.get('content-type') ?? 'without a content type';
  throw new Error(`what it sends at ${url} is no JSON object (${quoted(type)}); is the issuer right?`);
}

/** Some providers write `null` for an endpoint that they do not have. */
function withoutNulls(document: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== null));
}

/**
 * Section 4.3. Attack (mix-up): a provider whose document names another one's issuer would have its tokens taken for
 * theirs.
 */
function checkDocumentIssuer(application: DiscoveryKeys, own: unknown, url: string): void {
  if (acceptsDocument(application, own)) return;
  const hint = String(own).includes('{tenantid}')
    ? '; its tokens name one issuer for each tenant: list those of your tenants in allowed_issuers'
    : '';
  throw new Error(
    `it calls itself ${quoted(own)}; the configuration must say exactly the same, and says ${quoted(application.issuer)} (read at ${url})${hint}`,
  );
}

function isServerMetadata(document: Record<string, unknown>, url: string): document is ServerMetadata {
  for (const name of [...REQUIRED, ...OPTIONAL]) {
    const value = document[name];
    if (value === undefined && !REQUIRED.some((one) => one === name)) continue;
    if (value === undefined) throw new Error(`the discovery document at ${url} names no ${name}`);
    if (typeof value !== 'string' || !URL.canParse(value))
      throw new Error(`the discovery document at ${url} names a ${name} that is no URL`);
  }
  return true;
}

const quoted = (value: unknown) => JSON.stringify(String(value).slice(0, 200));
