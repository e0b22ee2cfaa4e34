import { createRequire } from 'node:module';

/** Gatepost's version, as `package.json` has it: asked for by name, since the command's files lie elsewhere than the library's. */
export const version: string = createRequire(import.meta.url)('gatepost/package.json').version;
