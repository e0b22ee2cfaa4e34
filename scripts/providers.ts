/** The OpenID providers that the tests run for real: their fixed versions, and where `npm run tools` puts them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { toolsFolder } from './tools.ts';

/** Python packages, in a virtual environment for each name. */
export const PYTHON_PROVIDERS = {
  canaille: { packages: ['canaille[front,oidc,server]==0.3.6'], needs: 'canaille-0.3.6' },
  django: {
    packages: ['django==5.2.19', 'django-oauth-toolkit==3.4.1', 'django-allauth[idp-oidc]==65.22.1'],
    needs: 'django_oauth_toolkit-3.4.1',
  },
};

export const KEYCLOAK_VERSION = '26.7.3';
/** The commit that its module is pinned to (test/providers/dex/go.mod) is of this day. */
export const DEX_VERSION = '2.41 (2024-08-07)';

const FILES = {
  keycloak: join(toolsFolder, `keycloak-${KEYCLOAK_VERSION}`, 'bin/kc.sh'),
  dex: join(toolsFolder, 'dex-20240807'),
  canaille: join(toolsFolder, 'canaille/bin/python'),
  django: join(toolsFolder, 'django/bin/python'),
};
export type ProviderTool = keyof typeof FILES;
export const providerTools = Object.keys(FILES) as ProviderTool[];

/** The path of a provider's program, whether or not it is there. */
export const providerFile = (tool: ProviderTool): string => FILES[tool];

/** Whether a provider's program is there. */
export const isInstalled = (tool: ProviderTool): boolean => existsSync(FILES[tool]);

/** Of a Python package, as it is pinned. */
export function versionOf(name: string): string {
  const pinned = Object.values(PYTHON_PROVIDERS).flatMap(({ packages }) => packages);
  return pinned.find((one) => one.replace(/\[.*\]/, '').startsWith(`${name}==`))?.split('==')[1] ?? '';
}
