/**
 * A pod as authentik's Kubernetes integration writes it, with this image as its `container_image`: no command, no user but
 * the image's, no capabilities.
 */
import { expect, test } from 'vitest';
import { freePort } from '../integration/program.ts';
import { waitUntil } from '../support/wait.ts';
import { readText } from './files.ts';
import { imageOf, startPod, whyNoPods } from './pod.ts';

const image = imageOf(readText('Dockerfile'));
const reason = whyNoPods();
if (reason) console.warn(`\n*** SKIPPED: the pod of authentik's integration: ${reason} ***\n`);

/** With the file of a ConfigMap, which is patched into it. */
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
        volumeMounts: [{ name: 'config', mountPath: '/etc/gatepost' }],
        securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
};

const config = (http: number, metrics: number) => `
listen: { http: "[::]:${http}", metrics: "[::]:${metrics}" }
secret: a secret of more than 32 characters
applications:
  - name: App
    external_host: https://app.example.com
    issuer: http://127.0.0.1:9/
    client_id: app
    client_secret: secret
`;

test.runIf(reason === undefined)('the pod serves, and its ports answer proxies, Prometheus and pings', async () => {
  const [http, metrics] = [await freePort(), await freePort()];
  const running = await startPod({
    pod,
    config: { 'gatepost.yaml': config(http, metrics) },
    secret: { AUTHENTIK_LISTEN__METRICS: `[::]:${metrics}` },
    image,
    port: http,
  });
  const status = async (port: number, path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  try {
    await waitUntil(async () => (await status(http, '/-/health/ready')) === 200);
    expect(await status(http, '/outpost.goauthentik.io/ping')).toBe(204);
    expect(await status(metrics, '/outpost.goauthentik.io/ping')).toBe(204);
    expect(await status(metrics, '/metrics')).toBe(200);
  } finally {
    await running.stop();
  }
});
