/**
 * Sends the requests to providers: through the proxy that the environment names, and with the private authority that the
 * application trusts beside the system's.
 */
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import type { Dispatcher } from 'undici';
import { readCertificates } from '../config/certificate_file.ts';
import { readLimited } from '../http/read_limited.ts';
import { connectionHint, isAboutCertificate } from './connection_hint.ts';
import { type ChooseProxy, createChooseProxy, type Environment } from './outgoing_proxy.ts';

/** As `fetch`, for one absolute URL. Throws a `TypeError` that names the address and the cause where no response came. */
export type OutboundFetch = (url: string, request: RequestInit) => Promise<Response>;

/** All that providers send is text of a few KiB; a thousand groups have some 30 KiB. */
export const MAX_RESPONSE_BYTES = 2_097_152;

/** Between two readings of the authority's file: each costs the time of a hundred certificates. */
const AUTHORITY_PAUSE_MS = 1000;

export type Outbound = OutboundFetch & {
  /** The next requests use new connections, and read the authority's file again; those under way end as they began. */
  reset(): void;
};

export interface OutboundOptions {
  /** `issuer_ca_file`. */
  authorityFile?: string | undefined;
  environment?: Environment;
}

/**
 * Node's own `fetch` knows neither a proxy (Node 20) nor an authority for some of its requests; undici, of which it is
 * made, knows both, and is loaded where one of them is needed.
 */
export function createOutbound({ authorityFile, environment = process.env }: OutboundOptions): Outbound {
  const chooseProxy = createChooseProxy(environment);
  const dispatchers = createDispatchers(authorityFile);
  const fetchFrom: OutboundFetch = async (address, request) => {
    const { proxy, dispatcher } = await route(new URL(address), chooseProxy, dispatchers.for);
    try {
      return dispatcher ? await fetchThrough(dispatcher, address, request) : await fetch(address, request);
    } catch (error) {
      // Time-outs and aborts are known by their class.
      if (error instanceof DOMException) throw error;
      if (isAboutCertificate(error)) dispatchers.renew();
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      throw new TypeError(connectionHint(address, error, proxy?.host), { cause });
    }
  };
  return Object.assign(fetchFrom, { reset: dispatchers.reset });
}

type DispatcherFor = (url: URL, proxy: URL | undefined) => Promise<Dispatcher | undefined>;

async function route(url: URL, chooseProxy: ChooseProxy, dispatcherFor: DispatcherFor) {
  const proxy = chooseProxy(url);
  return { proxy, dispatcher: await dispatcherFor(url, proxy) };
}

/** The default export: in the bundled command a CommonJS module has no other. */
const loadUndici = async () => (await import('undici')).default;

/** One for each proxy and scheme; they keep connections. */
function createDispatchers(authorityFile: string | undefined) {
  const made = new Map<string, Dispatcher>();
  let secureContext: tls.SecureContext | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  /** The authority may have another certificate by now: the next request reads its file again. */
  function renew(): void {
    if (authorityFile === undefined || performance.now() - readAt < AUTHORITY_PAUSE_MS) return;
    readAt = performance.now();
    reset();
  }

  function reset(): void {
    secureContext = undefined;
    for (const dispatcher of made.values()) dispatcher.close().catch(() => undefined);
    made.clear();
  }

  async function dispatcherFor(url: URL, proxy: URL | undefined): Promise<Dispatcher | undefined> {
    if (proxy === undefined && authorityFile === undefined) return undefined;
    const key = `${url.protocol} ${proxy?.href}`;
    const present = made.get(key);
    if (present) return present;
    const { Agent, ProxyAgent } = await loadUndici();
    if (authorityFile !== undefined) secureContext ??= trusting(authorityFile);
    const connect = secureContext ? { secureContext } : {};
    // A proxy sees plain http anyway, and many open no tunnel to port 80.
    const proxyTunnel = url.protocol === 'https:';
    const dispatcher = proxy
      ? new ProxyAgent({ uri: proxy.href, proxyTunnel, requestTls: connect, proxyTls: connect })
      : new Agent({ connect });
    made.set(key, dispatcher);
    return dispatcher;
  }
  return { for: dispatcherFor satisfies DispatcherFor, renew, reset };
}

/** The response is one of Node's own class, whatever has sent the request. */
async function fetchThrough(dispatcher: Dispatcher, address: string, init: RequestInit): Promise<Response> {
  const undici = await loadUndici();
  const { method, headers, redirect, body } = new Request(address, init);
  const content = body === null ? null : Buffer.from(await new Response(body).arrayBuffer());
  const sent = { method, headers: [...headers], redirect, body: content, signal: init.signal ?? null, dispatcher };
  const response = await undici.fetch(address, sent);
  const { status, statusText, body: stream } = response;
  const text = stream === null ? null : await readLimited(stream, MAX_RESPONSE_BYTES);
  if (text === undefined) throw new TypeError(`the response has more than ${MAX_RESPONSE_BYTES} bytes`);
  return new Response(text, { status, statusText, headers: [...response.headers] });
}

/** Node's `ca` takes the place of what is trusted by default, so that is named again. */
function trusting(authorityFile: string): tls.SecureContext {
  const own = readCertificates(authorityFile);
  if (own.length === 0) throw new Error(`${authorityFile} (issuer_ca_file) holds no certificate`);
  return tls.createSecureContext({ ca: [...trustedByDefault(), ...own] });
}

function trustedByDefault(): readonly string[] {
  // From Node 22.15 on; it knows `--use-system-ca` and the like.
  const getCertificates: unknown = Reflect.get(tls, 'getCACertificates');
  if (typeof getCertificates === 'function') return getCertificates('default');
  const { NODE_EXTRA_CA_CERTS: file } = process.env;
  return file ? [...tls.rootCertificates, ...extraCertificates(file)] : tls.rootCertificates;
}

/** Node itself only warns of one that it cannot read. */
function extraCertificates(file: string): string[] {
  try {
    return [readFileSync(file, 'utf8')];
  } catch {
    return [];
  }
}
