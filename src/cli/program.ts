/** The command line: commands, their options, and the texts for a wrong one. */
import { Command, CommanderError } from 'commander';
import { escapeUnreadableInLines } from '../characters.ts';
import { version } from '../version.ts';
import type { Shell } from './command.ts';
import { fail } from './fail.ts';
import { EXIT_OK, EXIT_USAGE, type Io } from './io.ts';
import { addExplain, addHealthcheck, addServe, addSessions } from './running_commands.ts';
import { addCheck, addDoctor, addInit, addSnippet } from './setup_commands.ts';

/**
 * Runs one command and resolves with its exit code.
 * Attack: a provider's answer, or a configuration from elsewhere, with control sequences for the operator's terminal.
 */
export async function run(args: readonly string[], terminal: Io): Promise<number> {
  const io: Io = {
    ...terminal,
    out: (line) => terminal.out(escapeUnreadableInLines(line)),
    error: (line) => terminal.error(escapeUnreadableInLines(line)),
  };
  let code: number = EXIT_OK;
  // The files of proxies are indented by tabs.
  const printFile = (text: string) => terminal.out(text.split('\t').map(escapeUnreadableInLines).join('\t'));
  const exit = (given: number) => {
    code = given;
  };
  const program = createProgram({ io, printFile, exit });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    return fail(error, io);
  }
}

/** In the order in which a newcomer needs them. */
function createProgram(shell: Shell): Command {
  const { io } = shell;
  const program = new Command('gatepost')
    .description('Forward authentication for nginx, Traefik, Caddy, Envoy and HAProxy with any OpenID provider')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.error(text.trimEnd()),
    });
  const all = [addInit, addCheck, addDoctor, addSnippet, addServe, addExplain, addSessions, addHealthcheck];
  for (const add of all) add(program, shell);
  return program;
}
