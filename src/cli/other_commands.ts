/**
 * What `serve` and `healthcheck` do not need, loaded as one: each piece that is loaded alone cuts the code that others
 * share with it into more files, and the server opens all of its own at the start.
 */
export { checkCommand } from './check.ts';
export { doctorCommand } from './doctor.ts';
export { explainCommand } from './explain.ts';
export { initCommand } from './init.ts';
export { endCommand, listCommand, showCommand } from './sessions.ts';
export { snippetCommand } from './snippet.ts';
