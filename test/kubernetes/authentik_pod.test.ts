/**
 * A pod as authentik's Kubernetes integration writes it, with this image as its `container_image`: authentik's variables and
 * no file, no command, no user but the image's, no capabilities.
 */
import { expect, test } from 'vitest';
import { proxyProvider, startAuthentik } from '../authentik/index.ts';
import { freePort } from '../integration/program.ts';
import { waitUntil } from '../support/wait.ts';
import { readText } from './files.ts';
import { imageOf, startPod, whyNoPods } from './pod.ts';

const image = imageOf(readText('Dockerfile'));
const reason = whyNoPods();
if (reason) console.warn(`\n*** SKIPPED: the pod of authentik's integration: ${reason} ***\n`);

const pod = {
  spec: {
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'proxy',
        image: 'registry.example.com/gatepost',
        ports: [
          { containerPort: 9000, name: 'http', protocol: 'TCP' },
          { containerPort: 9300, name: 'http-metrics', protocol: 'TCP' },
          { containerPort: 9443, name: 'https', protocol: 'TCP' },
        ],
        securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
};

test.runIf(reason === undefined)('the pod serves, and its ports answer proxies, Prometheus and pings', async () => {
  const [http, metrics] = [await freePort(), await freePort()];
  const authentik = await startAuthentik({
    providers: [proxyProvider({ name: 'App', external_host: 'https://app.example.com' })],
  });
  const running = await startPod({
    pod,
    config: {},
    secret: {
      AUTHENTIK_HOST: authentik.url,
      AUTHENTIK_TOKEN: authentik.token,
      AUTHENTIK_INSECURE: 'True',
      AUTHENTIK_HOST_BROWSER: '',
      AUTHENTIK_LISTEN__HTTP: `[::]:${http}`,
      AUTHENTIK_LISTEN__METRICS: `[::]:${metrics}`,
    },
    image,
    port: http,
  });
  const status = async (port: number, path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  try {
    await waitUntil(async () => (await status(http, '/-/health/ready')) === 200);
    expect(await status(http, '/outpost.goauthentik.io/ping')).toBe(204);
    expect(await status(metrics, '/outpost.goauthentik.io/ping')).toBe(204);
    expect(await status(metrics, '/metrics')).toBe(200);
    await waitUntil(async () => authentik.socket.instances().length === 1);
  } finally {
    await running.stop();
    await authentik.stop();
  }
});
