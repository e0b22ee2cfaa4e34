/** Makes `npx gatepost` work in a clone: npm links the commands of dependencies, but not the project's own. */
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';

const link = new URL('../node_modules/.bin/gatepost', import.meta.url);

chmodSync(new URL('../dist/cli/main.js', import.meta.url), 0o755);
mkdirSync(new URL('.', link), { recursive: true });
rmSync(link, { force: true });
// Windows makes links only for administrators; there, `node dist/cli/main.js` is the command.
if (process.platform !== 'win32') symlinkSync('../../dist/cli/main.js', link);
