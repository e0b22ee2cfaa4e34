/** The command line: commands, their options, and the texts for a wrong one. */
import { Command, CommanderError } from 'commander';
import { escapeUnreadableInLines } from '../characters.ts';
import { version } from '../version.ts';
import { DEFAULT_FILES } from './config_file.ts';
import { EXIT_OK, type Io } from './io.ts';

const PLACES = `$GATEPOST_CONFIG, else ${DEFAULT_FILES.join(', else ')}`;

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
  const program = createProgram(io, (exit) => {
    code = exit;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    return (await import('./fail.ts')).fail(error, io);
  }
}

/** Each command imports what it needs when it runs: `--help` and `check` don't wait for the server. */
function createProgram(io: Io, exit: (code: number) => void): Command {
  const program = new Command('gatepost')
    .description('Forward authentication for nginx, Traefik, Caddy, Envoy and HAProxy with any OpenID provider')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.error(text.trimEnd()),
    });
  command(program, 'serve')
    .description('serve proxies and browsers until SIGTERM')
    .action(async ({ config }) => exit(await (await import('./serve.ts')).serveCommand(config, io)));
  command(program, 'check')
    .description('validate the configuration and print what to register at the provider')
    .option('--providers', 'also fetch the metadata of each provider')
    .option('--json', 'print { errors, warnings, applications } for programs')
    .action(async ({ config, ...options }) =>
      exit(await (await import('./check.ts')).checkCommand(config, options, io)),
    );
  command(program, 'explain')
    .description('print which application and which rule decide a request, and why')
    .argument('<url>', 'the URL that the client requests')
    .option('--method <method>', "the client's method", 'GET')
    .option('--client-ip <address>', "the client's address; unknown if left out")
    .option('--user <name>', 'a signed-in user, by user name')
    .option('--email <address>', "the user's e-mail address")
    .option('--group <name>', 'a group of the user; may be repeated', collect, [])
    .action(async (url, { config, ...request }) => {
      exit(await (await import('./explain.ts')).explainCommand(config, { url, ...request }, io));
    });
  return program;
}

function command(program: Command, name: string): Command {
  return program.command(name).option('-c, --config <file>', `the configuration file (default: ${PLACES})`);
}

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}
