/** Builds the programs that are to be had as Go modules only, into `.tools`. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { builtPath, findTool, type Tool } from './tools.ts';

interface GoProgram {
  tool: Tool;
  /** The folder of the Go module that pins it. */
  module: string;
  package: string;
}

const folder = (path: string) => fileURLToPath(new URL(`../test/integration/${path}`, import.meta.url));

const PROGRAMS: GoProgram[] = [
  { tool: 'egctl', module: folder('envoy_gateway'), package: 'github.com/envoyproxy/gateway/cmd/egctl' },
  { tool: 'istio-xds', module: folder('istio'), package: '.' },
];

/** Says what it builds, as each takes some minutes the first time. A failure is said and leaves the program missing. */
export function buildGoPrograms(): void {
  for (const { tool, module, package: name } of PROGRAMS) {
    const path = builtPath(tool);
    if (path === undefined || findTool(tool)) continue;
    console.log(`builds with go: ${path}`);
    try {
      const build = ['build', '-ldflags=-s -w', '-o', path, name];
      execFileSync('go', build, { cwd: module, stdio: ['ignore', 'inherit', 'inherit'] });
    } catch (error) {
      console.error(`${tool}: ${(error as Error).message}`);
    }
  }
}
