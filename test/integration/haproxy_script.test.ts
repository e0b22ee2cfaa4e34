/** HAProxy continues when a Lua action fails, as if the request were allowed: script and configuration must both prevent that. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../support/free_port.ts';
import { needTool } from '../support/tools.ts';
import { ask } from './ask.ts';
import { haproxy } from './haproxy.ts';
import type { Site } from './proxy.ts';
import { startUpstream } from './upstream.ts';

const binary = needTool('haproxy');
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** The response to a request, and what of it reached the application, with a script that was changed before HAProxy read it. */
async function visit(change: (script: string) => string) {
  const upstream = await startUpstream();
  stops.push(upstream.close);
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-script-'));
  stops.push(() => rmSync(directory, { recursive: true }));
  const port = await freePort();
  // No process listens where Gatepost should be, so nothing can allow a request.
  const site: Site = {
    mode: 'forward_single',
    directory,
    port,
    hosts: ['app.localhost'],
    gatepost: await freePort(),
    upstream: upstream.port,
    cookie: 'x',
  };
  const read = (path: string) => readFileSync(join(directory, path), 'utf8');
  const running = await haproxy.start(binary!, site, () =>
    writeFileSync(join(directory, 'gatepost.lua'), change(read('gatepost.lua'))),
  );
  stops.push(running.stop);
  const { status } = await ask(port, { path: '/private', host: `app.localhost:${port}` });
  return { status, seen: upstream.seen };
}

/** Replaces a part of the script that must be there. */
function put(script: string, part: string, instead: string): string {
  expect(script).toContain(part);
  return script.replace(part, instead);
}
const asking = 'return core.httpclient():get({ url = AUTH_URL, headers = headers, timeout = TIMEOUT_MS })';
const respondAllow = (script: string) => put(script, asking, 'return { status = 200, headers = {} }');
const breakIn = (script: string, name: string) => put(script, name, `${name}\n  error('an unexpected error')`);

describe.skipIf(!binary)('a request', () => {
  test('passes when Gatepost allows it', async () => {
    expect(await visit(respondAllow)).toMatchObject({ status: 200, seen: [{ url: '/private' }] });
  });

  test('is refused when the script cannot build the auth request', async () => {
    const broken = (script: string) => breakIn(respondAllow(script), 'local function auth_request_headers(txn)');
    expect(await visit(broken)).toEqual({ status: 503, seen: [] });
  });

  test('is refused when the script cannot copy the headers of the response', async () => {
    const broken = (script: string) => breakIn(respondAllow(script), 'local function allow(txn, response)');
    expect(await visit(broken)).toEqual({ status: 503, seen: [] });
  });

  test('is refused when the whole action fails', async () => {
    const broken = () => "core.register_action('gatepost', { 'http-req' }, function(txn) error('broken') end, 0)\n";
    expect(await visit(broken)).toEqual({ status: 503, seen: [] });
  });
});
