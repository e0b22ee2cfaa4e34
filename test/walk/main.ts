/** `npm run walk [-- FOLDER]`: shows a newcomer's way step by step; screenshots go into the folder. */
import { findTool } from '../support/tools.ts';
import { walk } from './walk.ts';

const [nginx, chromium] = [findTool('nginx'), findTool('chromium')];
if (nginx === undefined || chromium === undefined) throw new Error('nginx and Chromium are needed: npm run tools');
const say = (step: string, said = '') => console.log(`\n\u25b6 ${step}\n${said.trimEnd()}`);
const { exitCode } = await walk({ nginx, chromium, say, shots: process.argv[2] });
console.log(`\nserve ended with ${exitCode}`);
process.exitCode = exitCode ?? 1;
