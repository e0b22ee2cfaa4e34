/** httpd with the shipped files, changed as a test wants, in front of a Gatepost of three lines. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free_port.ts';
import { fillApache, startApache } from './apache.ts';
import { ask } from './ask.ts';
import { startGate } from './gate.ts';
import type { Site } from './proxy.ts';
import { startUpstream } from './upstream.ts';

const ends: (() => unknown)[] = [];
/** For `afterEach`. */
export async function endAll(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
}

const allow = 'HTTP/1.1 200 OK\r\nX-authentik-username: alice\r\nContent-Length: 0\r\n\r\n';

/** Lets in what begins with `/open`, and nothing else. To `/more` it sends a second answer that nobody has asked for. */
async function startStub() {
  const asked: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const path = new URL(String(request.headers['x-original-url'])).pathname;
    asked.push(path);
    const headers = path.startsWith('/open') ? { 'X-authentik-username': 'alice' } : {};
    response.writeHead(path.startsWith('/open') ? 200 : 403, { ...headers, 'Content-Length': 0 }).end();
    if (path.startsWith('/more')) setTimeout(() => request.socket.write(allow), 50);
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });
  return { port: (server.address() as AddressInfo).port, asked, connections: () => connections };
}

export interface Changes {
  /** By the file's name in the site's folder. */
  files?: Record<string, (text: string) => string>;
  /** Lines in the protected virtual host, behind the Include. */
  lines?: (site: Site) => string[];
  /** Lines in front of all virtual hosts. */
  first?: (site: Site) => string[];
  modules?: string[];
}

export async function startChanged(binary: string, { files = {}, lines, first, modules = [] }: Changes = {}) {
  const stub = await startStub();
  const gate = await startGate(stub.port);
  ends.push(gate.close);
  const upstream = await startUpstream();
  ends.push(upstream.close);
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-apache-'));
  ends.push(() => rmSync(directory, { recursive: true }));
  const port = await freePort();
  const where = { directory, port, gatepost: gate.port, upstream: upstream.port, cookie: 'x' };
  const site: Site = { mode: 'forward_single', hosts: ['app.localhost'], ...where };
  fillApache(site);
  const rewrite = (name: string, change: (text: string) => string) =>
    writeFileSync(join(directory, name), change(readFileSync(join(directory, name), 'utf8')));
  const include = '    Include gatepost/gatepost.conf\n';
  rewrite('site.conf', (text) =>
    [
      ...(first?.(site) ?? []),
      text.replace(include, [include.trimEnd(), ...(lines?.(site) ?? []), ''].join('\n')),
    ].join('\n'),
  );
  for (const [name, change] of Object.entries(files)) rewrite(name, change);
  const running = await startApache(binary, site, modules);
  ends.push(running.stop);
  const host = `app.localhost:${port}`;
  return {
    port,
    host,
    gate,
    stub,
    seen: upstream.seen,
    get: (path: string, headers: [string, string][] = []) => ask(port, { path, host, headers }),
  };
}
