/** The schema that Docker publishes of its engine's API: a file of the Go module that caddy-docker-proxy is built with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolsFolder } from './tools.ts';

const MODULE = fileURLToPath(new URL('../test/integration/caddy_docker', import.meta.url));
const [, version] = /docker\/docker v([\d.]+)/.exec(readFileSync(join(MODULE, 'go.mod'), 'utf8')) ?? [];

/** Where it is, once `npm run tools` has copied it. */
export const dockerSchema = join(toolsFolder, `docker-api-${version}.yaml`);
