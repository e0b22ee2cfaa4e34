/** `gatepost doctor --through` in front of real proxies: with the shipped files, and with one mistake in them each. */
import { describe, expect, test } from 'vitest';
import { problems } from '../doctor/fixture.ts';
import { needTool } from '../support/tools.ts';
import { caddy } from './caddy.ts';
import { examineSite } from './doctor_site.ts';
import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { traefik } from './traefik.ts';

describe.for([nginx, traefik, caddy, envoy, haproxy])('$name', (proxy) => {
  test.runIf(needTool(proxy.tool))('with its shipped files all is well', async () => {
    const checks = await examineSite(proxy);
    expect(problems(checks)).toEqual([]);
  });
});
