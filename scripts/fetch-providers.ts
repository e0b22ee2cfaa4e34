/**
 * Gets the OpenID providers that `npm run test:providers` runs, in fixed versions, into `.tools`: Keycloak from Maven Central,
 * Dex as a Go module, Canaille and the two of Django from PyPI. With everything there it only looks. Needs Python, Go with a C
 * compiler, Maven and Java.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages } from './debian.ts';
import { buildGo } from './go.ts';
import {
  DEX_MODULE,
  isInstalled,
  KEYCLOAK_VERSION,
  type ProviderTool,
  PYTHON_PROVIDERS,
  providerFile,
  providerTools,
} from './providers.ts';
import { toolsFolder } from './tools.ts';

const MAVEN_COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
const DEBIAN_PACKAGES: Record<string, string> = {
  mvn: 'maven',
  java: 'default-jre-headless',
  gcc: 'gcc',
  go: 'golang-go',
};

function run(command: string, parameters: string[]): void {
  execFileSync(command, parameters, { stdio: ['ignore', 'inherit', 'inherit'] });
}

function has(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

function needPrograms(...programs: string[]): void {
  const missing = programs.filter((program) => !has(program)).map((program) => DEBIAN_PACKAGES[program] ?? program);
  installPackages(...missing);
}

function fetchKeycloak(): void {
  needPrograms('mvn', 'java', 'python3');
  const artifact = `org.keycloak:keycloak-quarkus-dist:${KEYCLOAK_VERSION}:zip`;
  const download = join(toolsFolder, 'download');
  run('mvn', ['-B', '-q', MAVEN_COPY, `-Dartifact=${artifact}`, `-DoutputDirectory=${download}`]);
  run('python3', ['-m', 'zipfile', '-e', join(download, `keycloak-quarkus-dist-${KEYCLOAK_VERSION}.zip`), toolsFolder]);
  rmSync(download, { recursive: true });
}

function buildDex(): void {
  needPrograms('go', 'gcc');
  const env = { CGO_ENABLED: '1', GOFLAGS: '-mod=mod' };
  buildGo(providerFile('dex'), { module: DEX_MODULE, package: 'github.com/dexidp/dex/cmd/dex', env });
}

function fetchPython(name: keyof typeof PYTHON_PROVIDERS): void {
  const folder = join(toolsFolder, name);
  if (!existsSync(join(folder, 'bin/pip'))) run('python3', ['-m', 'venv', folder]);
  run(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', ...PYTHON_PROVIDERS[name]]);
}

const FETCH: Record<ProviderTool, () => void> = {
  keycloak: fetchKeycloak,
  dex: buildDex,
  canaille: () => fetchPython('canaille'),
  django: () => fetchPython('django'),
};

mkdirSync(toolsFolder, { recursive: true });
for (const tool of providerTools) {
  if (isInstalled(tool)) continue;
  console.log(`gets ${tool} into ${toolsFolder}`);
  try {
    FETCH[tool]();
  } catch (error) {
    console.error(`${tool}: ${(error as Error).message}`);
    // Elsewhere the tests say that they skip it.
    if (process.env.CI === 'true') process.exitCode = 1;
  }
}
