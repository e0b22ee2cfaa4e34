/** The programs that tests run for real. */
import { findTool, type Tool } from '../../scripts/tools.ts';

export { findTool, type Tool } from '../../scripts/tools.ts';

/**
 * As `findTool`, but a missing program is said aloud, and with `CI=true` it is a failure. The projects that need nothing
 * but npm packages set `NPM_ONLY`: a test that needs more belongs to another one (vitest.config.ts).
 */
export function needTool(tool: Tool): string | undefined {
  if (process.env.NPM_ONLY) throw new Error(`vitest.config.ts must name this file where tests may need ${tool}`);
  const path = findTool(tool);
  if (path) return path;
  const line = `${tool} is not installed: run "npm run tools"`;
  if (process.env.CI === 'true') throw new Error(line);
  process.stderr.write(`\n*** SKIPPED: ${line} ***\n\n`);
  return undefined;
}
