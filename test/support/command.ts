/** The `gatepost` command as users run it: the built one. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The file that `bin` in package.json names, for Node to run. `npm test` builds it first. */
export const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
if (!existsSync(command)) throw new Error('dist/cli/main.js is not there: run `npm run build`');
