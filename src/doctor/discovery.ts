/** Whether a provider can be found, is the right one, has keys, and has the same time. */
import type { ServerMetadata } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { messageOf } from '../errors.ts';
import { readLimited } from '../http/read_limited.ts';
import { isObject, member } from '../json.ts';
import { isAboutCertificate } from '../provider/connection_hint.ts';
import { allowsHttp, jwksUriOf } from '../provider/discovery.ts';
import { discoveryUrl, fetchDocument } from '../provider/discovery_document.ts';
import { acceptsDocument } from '../provider/issuers.ts';
import { createManagedOutbound } from '../provider/managed_outbound.ts';
import { createOutbound, type OutboundFetch } from '../provider/outbound.ts';
import { PROVIDER_TIMEOUT_MS } from '../provider/time_limits.ts';
import { usableKeys } from '../provider/usable_keys.ts';
import { counted } from '../words.ts';
import type { Report } from './check.ts';

/** A provider that takes longer keeps everybody who logs in waiting. */
const SLOW_MS = 2_000;
/** Tokens are accepted with a minute of difference. */
const CLOCK_WARNING_MS = 30_000;
const CLOCK_ERROR_MS = 60_000;

const MAX_KEYS_BYTES = 1_048_576;

/** What came with the discovery document. */
interface Reading {
  tookMs: number;
  /** The provider's time minus ours; `undefined` where it names none. */
  aheadMs?: number | undefined;
  document?: unknown;
}

/** A provider as far as it could be found. */
export interface FoundProvider {
  metadata: ServerMetadata;
  fetch: OutboundFetch;
}

/** @returns `undefined` where nothing else can be tried at this provider */
export async function checkDiscovery(
  application: ApplicationConfig,
  report: Report,
): Promise<FoundProvider | undefined> {
  if (application.managed) return checkManaged(application, application.managed, report);
  const fetch = createOutbound({ authorityFile: application.issuer_ca_file });
  let reading: Reading | undefined;
  const watched: OutboundFetch = async (url, request) => {
    const [sentAt, startedAt] = [Date.now(), performance.now()];
    const response = await fetch(url, request);
    const tookMs = performance.now() - startedAt;
    reading = { tookMs, aheadMs: aheadMs(response.headers.get('date'), sentAt, tookMs) };
    const document = response.clone();
    reading.document = await document.json().catch(() => undefined);
    return response;
  };
  try {
    const metadata = await fetchDocument(application, watched);
    reportSpeed(reading?.tookMs ?? 0, application, report);
    report.ok('provider.issuer', `the provider calls itself ${metadata.issuer}`);
    checkClock(reading?.aheadMs, report);
    await checkKeys(application, { metadata, fetch }, report);
    return { metadata, fetch };
  } catch (error) {
    reportFailure(error, application, reading, report);
    return undefined;
  }
}

/** authentik has said of itself what a discovery document would. */
async function checkManaged(
  application: ApplicationConfig,
  { metadata, access, issuers }: NonNullable<ApplicationConfig['managed']>,
  report: Report,
): Promise<FoundProvider> {
  const algorithms = [...metadata.id_token_signing_alg_values_supported];
  const found = {
    metadata: { ...metadata, id_token_signing_alg_values_supported: algorithms },
    fetch: createManagedOutbound(access),
  };
  report.ok('provider.issuer', `authentik calls the provider ${issuers.join(' or ')}`);
  if (algorithms.every((name) => name.startsWith('HS')))
    report.ok('provider.keys', `tokens are signed with the client's secret (${algorithms.join(', ')})`);
  else await checkKeys(application, found, report);
  return found;
}

function reportSpeed(tookMs: number, application: ApplicationConfig, report: Report) {
  const seen = `${discoveryUrl(application)} answers in ${Math.round(tookMs)} ms`;
  if (tookMs <= SLOW_MS) return report.ok('provider.discovery', seen);
  report.warning(
    'provider.discovery',
    `${seen}, which is slow`,
    'Look at the provider and at the network between: everybody who logs in waits as long, and after ten seconds in vain.',
  );
}

function reportFailure(error: unknown, application: ApplicationConfig, reading: Reading | undefined, report: Report) {
  const message = messageOf(error);
  if (isAboutCertificate(error))
    return report.error(
      'provider.certificate',
      message,
      'Name the certificate of your own authority, or the self-signed one itself, in issuer_ca_file, or give the provider a certificate that is trusted everywhere.',
    );
  const own = member(reading?.document, 'issuer');
  if (typeof own === 'string' && !acceptsDocument(application, own))
    return report.error(
      'provider.issuer',
      message,
      `Write issuer as the provider does: ${own}. The scheme, host, port, path and the last slash count.`,
    );
  report.error(
    'provider.discovery',
    message,
    `Open ${discoveryUrl(application)} from this machine: it must show the provider's discovery document. Look at issuer, at the network and at HTTPS_PROXY.`,
  );
}

/** The Date header has whole seconds, and was written somewhere between request and response. */
function aheadMs(date: string | null, sentAt: number, tookMs: number): number | undefined {
  const at = date === null ? Number.NaN : Date.parse(date);
  return Number.isNaN(at) ? undefined : at + 500 - (sentAt + tookMs / 2);
}

function checkClock(ahead: number | undefined, report: Report) {
  if (ahead === undefined)
    return report.warning(
      'provider.clock',
      'the provider does not say what time it has (no Date header): the clocks could not be compared',
      'Compare `date -u` on both machines: they must not differ by more than half a minute.',
    );
  const seconds = Math.round(Math.abs(ahead) / 1000);
  const seen = `the provider's clock is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`;
  const remedy =
    'Set both clocks by NTP (timedatectl set-ntp true, chrony): tokens that seem to be from the future, or over, are refused.';
  if (Math.abs(ahead) > CLOCK_ERROR_MS) report.error('provider.clock', `${seen}: logins fail`, remedy);
  else if (Math.abs(ahead) > CLOCK_WARNING_MS) report.warning('provider.clock', seen, remedy);
  else report.ok('provider.clock', 'the clocks agree');
}

async function checkKeys(application: ApplicationConfig, found: FoundProvider, report: Report): Promise<void> {
  const remedy = 'Look at the signing key of the provider (its jwks_uri): no token can be verified without it.';
  try {
    const insecure =
      application.managed !== undefined || allowsHttp(discoveryUrl(application), application.allow_insecure_issuer);
    const address = jwksUriOf(found.metadata, insecure);
    const set = await readJson(found.fetch, address);
    const keys = isObject(set) && Array.isArray(set.keys) ? set.keys : [];
    const { length } = usableKeys(keys);
    if (length > 0) return report.ok('provider.keys', `${address} holds ${counted(length, 'usable key')}`);
    report.error('provider.keys', `${address} holds no key that can verify a signature`, remedy);
  } catch (error) {
    report.error('provider.keys', `the key set cannot be read: ${messageOf(error)}`, remedy);
  }
}

async function readJson(fetch: OutboundFetch, address: string): Promise<unknown> {
  const response = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(PROVIDER_TIMEOUT_MS) });
  const text = response.body === null ? '' : await readLimited(response.body, MAX_KEYS_BYTES);
  if (response.status !== 200) throw new Error(`${address} answers ${response.status}`);
  try {
    return JSON.parse(text ?? '');
  } catch {
    throw new Error(`${address} is no JSON`);
  }
}
