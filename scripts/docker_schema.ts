/** The schema that Docker publishes of its engine's API: a file of the Go module that caddy-docker-proxy is built with. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolsFolder } from './tools.ts';

const MODULE = fileURLToPath(new URL('../test/integration/caddy_docker', import.meta.url));
const [, version] = /docker\/docker v([\d.]+)/.exec(readFileSync(join(MODULE, 'go.mod'), 'utf8')) ?? [];

export const dockerSchema = join(toolsFolder, `docker-api-${version}.yaml`);

export function copyDockerSchema(): void {
  if (existsSync(dockerSchema)) return;
  const download = ['mod', 'download', '-json', 'github.com/docker/docker'];
  const module: unknown = JSON.parse(execFileSync('go', download, { cwd: MODULE, encoding: 'utf8' }));
  if (typeof module !== 'object' || module === null || !('Dir' in module)) throw new Error('go names no folder');
  copyFileSync(join(String(module.Dir), 'api/swagger.yaml'), dockerSchema);
}
