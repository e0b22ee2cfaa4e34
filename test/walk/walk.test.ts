/** What a newcomer sees on the way is right at each step. */
import { beforeAll, describe, expect, test } from 'vitest';
import { version } from '../../src/version.ts';
import { needTool } from '../support/tools.ts';
import { type Walk, walk } from './walk.ts';

const [nginx, chromium] = [needTool('nginx'), needTool('chromium')];

describe.runIf(nginx && chromium)('from an empty folder to a protected site', () => {
  let seen: Walk;
  beforeAll(async () => {
    seen = await walk({ nginx: nginx!, chromium: chromium!, say: () => undefined });
  });

  test('the package holds the command, the library, the schema, the files of the proxies and the licences, and no tests', () => {
    const { packed } = seen;
    const wanted = [
      'LICENSE',
      'README.md',
      'dist/THIRD_PARTY_LICENSES',
      'dist/cli/main.js',
      'dist/gatepost.schema.json',
      'dist/index.d.ts',
      'dist/index.js',
      'nginx/gatepost/auth_request.conf',
      'traefik/forward_single.yml',
      'caddy/gatepost.caddy',
      'envoy/forward_single.yaml',
      'haproxy/gatepost.lua',
      'kubernetes/chart/Chart.yaml',
      'systemd/gatepost.service',
    ];
    expect(wanted.filter((path) => !packed.includes(path))).toEqual([]);
    expect(
      packed.filter((path) => /^(?:test|demo|bench|docs\/(?!proxies\/)|\.|node_modules|scripts)/.test(path)),
    ).toEqual([]);
    expect(seen.installed).toBe(version);
  });

  test('the file that init has written has no mistake and no warning, and the doctor finds no error', () => {
    expect(seen.check, seen.check.said).toMatchObject({ status: 0 });
    expect(seen.check.said).not.toContain('warning');
    expect(seen.doctor.status, seen.doctor.said).toBeLessThan(2);
  });

  test('a visitor is led to the login, and comes back to the page', () => {
    expect(seen.login).toContain('/interaction/');
    expect(JSON.parse(seen.firstPage).headers).toEqual(
      expect.arrayContaining([[expect.stringMatching(/^x-authentik-username$/i), 'bob']]),
    );
  });

  test('a refusal shows the visitor what they have, and explain says what the rule wants', () => {
    expect(seen.refusal).toContain('staff');
    expect(seen.refusal).not.toContain('admins');
    expect(seen.explainBefore, seen.explainBefore.said).toMatchObject({ status: 1 });
    expect(seen.explainBefore.said).toContain('groups: wants admins, has staff');
  });

  test('a changed rule lets the visitor in after SIGHUP, without a new login', () => {
    expect(seen.explainAfter, seen.explainAfter.said).toMatchObject({ status: 0 });
    expect(seen.reloaded).toContain('access');
    expect(JSON.parse(seen.letIn).url).toBe('/admin');
  });

  test('the doctor finds no error on the way through nginx', () => {
    expect(seen.through.status, seen.through.said).toBeLessThan(2);
    expect(seen.through.said).toContain('nginx');
  });

  test('the visitor sees who they are and why they were refused, the operator sees the session', () => {
    expect(seen.ownPage).toContain('bob@example.com');
    expect(seen.ownPage).toContain('/admin');
    expect(seen.sessions, seen.sessions.said).toMatchObject({ status: 0 });
    expect(seen.sessions.said).toContain('bob');
  });

  test('after the sign-out the site is closed again', () => {
    expect(seen.signedOut).toMatch(/sign|log/i);
    expect(seen.afterwardsUrl).toContain('/interaction/');
  });

  test('the server says no secret, and ends in order', () => {
    expect(seen.log).not.toContain('the-secret-of-the-client-wiki');
    expect(seen.log).not.toMatch(/authentik_proxy_[0-9a-f]{8}=/);
    expect(seen.exitCode).toBe(0);
  });
});
