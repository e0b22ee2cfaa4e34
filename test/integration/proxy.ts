/** What a proxy is to the tests: how its shipped files are filled in and started. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tool } from '../support/tools.ts';
import type { Certificate } from './certificate.ts';
import type { Running } from './program.ts';

/** A proxy that is to be started: all on loopback. */
export interface Site {
  mode: 'forward_single' | 'forward_domain';
  /** An empty folder of its own. */
  directory: string;
  port: number;
  /** Without port: one, or two for `forward_domain`. */
  hosts: [string, string?];
  gatepost: number;
  upstream: number;
  /** The sites' public URLs have no port, although the proxy listens on one of its own. */
  isDefaultPort?: true;
  /** The session cookie's name. */
  cookie: string;
  /** Given: the proxy speaks https. */
  tls?: Certificate | undefined;
  /** A load balancer on loopback ends TLS in front of the proxy. */
  balanced?: boolean;
}

export interface TestedProxy {
  name: string;
  tool: Tool;
  /** The dialect of the proxy's auth requests. */
  dialect: 'nginx' | 'traefik' | 'caddy' | 'envoy';
  /** It takes a WebSocket that comes as a stream of HTTP/2 (RFC 8441). */
  h2Sockets?: true;
  /** What this proxy cannot do, as its page in the docs says; everything else it can. */
  limits?: {
    /** It deletes the twelve names and their spellings, but no other `X-authentik-*`. */
    otherNames?: false;
    /** It hands on what a client wrote in `X-Forwarded-For` and `-Host`, as `X-Original-Forwarded-…`. */
    originalForwarded?: false;
    /** It takes the offer of HTTP/2 out of a client's `Upgrade`, but hands on others than a WebSocket. */
    otherUpgrades?: false;
    /** Of several `Cookie` lines over HTTP/1.1, which no browser sends (RFC 6265, section 5.4), Gatepost gets one with commas. */
    cookieLines?: false;
  };
  /** `change` may alter the filled-in files before the program reads them. */
  start(binary: string, site: Site, change?: () => void): Promise<Running>;
}

/** A host of the site as its public URL has it. */
export const publicHost = ({ port, isDefaultPort }: Site, host: string): string =>
  isDefaultPort ? host : `${host}:${port}`;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Copies one of the project's folders or files into the site's folder. */
export function copy(site: Site, path: string, to: string): void {
  cpSync(join(root, path), join(site.directory, to), { recursive: true });
}

/** Replaces placeholders in a file, each wherever it stands. One that is not there is an error: the docs would be wrong. */
export function fill(site: Site, file: string, placeholders: Record<string, string>): void {
  const path = join(site.directory, file);
  let text = readFileSync(path, 'utf8');
  for (const [placeholder, value] of Object.entries(placeholders)) {
    if (!text.includes(placeholder)) throw new Error(`${file} has no ${placeholder}`);
    text = text.replaceAll(placeholder, value);
  }
  writeFileSync(path, text);
}

/** Changes a file of the site. A change that changes nothing is an error: the file is not what the test believes. */
export function edit(site: Site, file: string, change: (text: string) => string): void {
  const path = join(site.directory, file);
  const text = readFileSync(path, 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error(`${file} is not as the test believes`);
  writeFileSync(path, changed);
}

/** The proxy with its files as `change` leaves them, before the program reads them. */
export function withChange(proxy: TestedProxy, change: (site: Site) => void): TestedProxy {
  return { ...proxy, start: (program, site) => proxy.start(program, site, () => change(site)) };
}
