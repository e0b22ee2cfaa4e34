/** The OpenID providers that the tests run for real: their fixed versions, and where `npm run tools` puts them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolsFolder } from './tools.ts';

/** Python packages, in a virtual environment for each name. */
export const PYTHON_PROVIDERS = {
  canaille: ['canaille[front,oidc,server]==0.3.6'],
  django: ['django==5.2.19', 'django-oauth-toolkit==3.4.1', 'django-allauth[idp-oidc]==65.22.1'],
};

/** Of a pinned Python package, without its extras. */
export function readPin(pinned: string): { name: string; version: string } {
  const [name = '', version = ''] = pinned.replace(/\[.*\]/, '').split('==');
  return { name, version };
}

export const KEYCLOAK_VERSION = '26.7.3';

/** The folder of the Go module that pins Dex to a commit, as its releases are no versions of its module. */
export const DEX_MODULE = fileURLToPath(new URL('../test/providers/dex', import.meta.url));
const [, year, month, day] =
  /dexidp\/dex v0\.0\.0-(\d{4})(\d\d)(\d\d)/.exec(readFileSync(join(DEX_MODULE, 'go.mod'), 'utf8')) ?? [];
/** The release that was current, and the day of the commit. */
export const DEX_VERSION = `2.41 (${year}-${month}-${day})`;

const FILES = {
  keycloak: join(toolsFolder, `keycloak-${KEYCLOAK_VERSION}`, 'bin/kc.sh'),
  dex: join(toolsFolder, `dex-${year}${month}${day}`),
  canaille: join(toolsFolder, 'canaille/bin/python'),
  django: join(toolsFolder, 'django/bin/python'),
};
export type ProviderTool = keyof typeof FILES;
export const providerTools = Object.keys(FILES) as ProviderTool[];

/** The path of a provider's program, whether or not it is there. */
export const providerFile = (tool: ProviderTool): string => FILES[tool];

const isPython = (tool: ProviderTool): tool is keyof typeof PYTHON_PROVIDERS => tool in PYTHON_PROVIDERS;

/** pip notes the version in the name of a folder (PEP 376, PEP 503). */
function hasPackages(tool: keyof typeof PYTHON_PROVIDERS): boolean {
  const lib = join(toolsFolder, tool, 'lib');
  if (!existsSync(lib)) return false;
  const installed = readdirSync(lib)
    .map((python) => join(lib, python, 'site-packages'))
    .flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []))
    .map((file) => file.toLowerCase());
  return PYTHON_PROVIDERS[tool]
    .map(readPin)
    .every(({ name, version }) => installed.includes(`${name.replaceAll(/[-_.]+/g, '_')}-${version}.dist-info`));
}

/** Whether a provider is there, in the pinned version: the matrix names that one. */
export const isInstalled = (tool: ProviderTool): boolean =>
  existsSync(FILES[tool]) && (!isPython(tool) || hasPackages(tool));

/** Of a Python package, as it is pinned. */
export function versionOf(name: string): string {
  const pins = Object.values(PYTHON_PROVIDERS).flat().map(readPin);
  return pins.find((pin) => pin.name === name)?.version ?? '';
}

/** Of an npm package, as the lock file has it. */
export function lockedVersionOf(name: string): string {
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, { version?: string }> };
  return packages[`node_modules/${name}`]?.version ?? '';
}
