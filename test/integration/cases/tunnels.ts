/** A client that turns the proxy into a tunnel to the application sends requests that Gatepost never sees. */
import { expect, test } from 'vitest';
import { sendBytes } from '../send_bytes.ts';
import type { TestedSite } from '../site.ts';

/** The values of `Upgrade`, one for each line. */
const h2c = [['h2c'], ['H2C'], ['websocket, h2c'], ['h2c, websocket'], ['h2c', 'websocket'], ['websocket', 'h2c']];
const offer = ['Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'];

export function tunnelCases(site: () => TestedSite): void {
  const send = (lines: string[]) => {
    const { port, host, tls } = site();
    return sendBytes({ port, servername: host.replace(/:\d+$/, ''), ca: tls?.ca }, `${lines.join('\r\n')}\r\n\r\n`);
  };

  test('CONNECT and OPTIONS without a path do not reach the application', async () => {
    const { host } = site();
    const name = host.replace(/:\d+$/, '');
    const targets = [`CONNECT ${host}`, `CONNECT ${name}:80`, `CONNECT ${name}`, 'CONNECT /public/x', 'OPTIONS *'];
    const asked = targets.flatMap((target) => [host, name].map((named) => [`${target} HTTP/1.1`, `Host: ${named}`]));
    const seen = await site().watch(() => Promise.all(asked.map(send)));
    expect(seen).toEqual([]);
  });

  // Attack: h2c smuggling. An application that accepts the upgrade reads HTTP/2 from then on, /admin and forged headers
  // included, and the proxy inspects none of it.
  test('only a WebSocket is an upgrade, on a public path as with a session', async () => {
    const { host, proxy } = site();
    const upgrades = proxy.limits?.otherUpgrades === false ? h2c : [...h2c, ['TLS/1.0'], ['x']];
    const { cookie } = await site().signIn();
    const firsts = [['GET /public/x HTTP/1.1'], ['GET /whoami HTTP/1.1', cookie.join(': ')]];
    const answers: [string[], string][] = [];
    const seen = await site().watch(() =>
      Promise.all(
        firsts.flatMap((first) =>
          upgrades.map(async (upgrade) => {
            const lines = [...first, `Host: ${host}`, ...offer, ...upgrade.map((one) => `Upgrade: ${one}`)];
            answers.push([upgrade, (await send(lines)).slice(0, 12)]);
          }),
        ),
      ),
    );
    expect(answers).toHaveLength(2 * upgrades.length);
    expect(answers.filter(([, answer]) => answer === 'HTTP/1.1 101')).toEqual([]);
    expect(seen.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
}
