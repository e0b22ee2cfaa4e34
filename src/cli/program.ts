/** The command line: commands, their options, and the texts for a wrong one. */
import { Command, CommanderError, Option } from 'commander';
import { escapeUnreadableInLines } from '../characters.ts';
import { version } from '../version.ts';
import { DEFAULT_FILES } from './config_file.ts';
import { EXIT_OK, EXIT_USAGE, type Io } from './io.ts';

/** The kinds of proxies that `explain` asks for. */
const DIALECTS = ['nginx', 'traefik', 'caddy', 'envoy'];

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
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
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
  command(program, 'doctor')
    .description('try provider, client, store and, with --through, the proxy: what is wrong, and what to do')
    .argument('[app]', 'one application, by slug or name; all if left out')
    .option('--through <url>', "a site's public address: a round trip through your own proxy")
    .option('--gatepost <url>', 'where Gatepost listens, if it is not listen.http of this machine')
    .option('--json', 'print the checks as JSON')
    .action(async (app, { config, ...options }) =>
      exit(await (await import('./doctor.ts')).doctorCommand(config, app, options, io)),
    );
  command(program, 'explain')
    .description('decide a request as the server would, and print why; the exit code is 0 where it is let in, else 1')
    .argument('<url>', 'the URL that the client requests')
    .option('--user <name>', 'a signed-in user, by user name')
    .option('--group <name>', 'a group of the user; may be repeated', collect, [])
    .option('--email <address>', "the user's e-mail address, verified")
    .option('--unverified', 'the provider says that the address is not verified')
    .option('--claim <name=value>', 'another claim of the user; may be repeated', collect, [])
    .option('--method <method>', "the client's method", 'GET')
    .option(
      '--header <name: value>',
      "a header of the client's request, which has no others; may be repeated",
      collect,
      [],
    )
    .option('--client-ip <address>', "the client's address; unknown if left out")
    .addOption(new Option('--dialect <name>', 'the kind of proxy that asks').choices(DIALECTS).default('traefik'))
    .option('--json', 'print { allowed, status, reason, application, rules, headers } for programs')
    .action(async (url, { config, ...request }) => {
      exit(await (await import('./explain.ts')).explainCommand(config, { url, ...request }, io));
    });
  addSessions(program, io, exit);
  return program;
}

/** `gatepost sessions list|show|end`. */
function addSessions(program: Command, io: Io, exit: (code: number) => void): void {
  const sessions = program
    .command('sessions')
    .description('list, show and end the sessions of the store in use')
    // 1 means that there is no such session.
    .exitOverride((error) => {
      throw error.exitCode === EXIT_OK ? error : new CommanderError(EXIT_USAGE, error.code, error.message);
    });
  const load = () => import('./sessions.ts');
  command(sessions, 'list')
    .description('one line for each session: id, user, application, since, last use, address')
    .option('--user <name>', 'those of one user, by user name')
    .option('--json', 'print an array for programs')
    .action(async (options) => exit(await (await load()).listCommand(options, io)));
  command(sessions, 'show')
    .description('what is known of one session; never a token')
    .argument('<id>', 'its id, as list prints it')
    .option('--json', 'print an object for programs')
    .action(async (id, options) => exit(await (await load()).showCommand(id, options, io)));
  command(sessions, 'end')
    .description('end sessions at once, on every replica: their cookies and tokens open nothing any more')
    .argument('[id]', 'the session with this id')
    .option('--user <name>', 'every session of one user, by user name')
    .option('--all', 'every session')
    .option('--json', 'print { ended } for programs')
    .action(async (id, options) => exit(await (await load()).endCommand(id, options, io)));
}

function command(program: Command, name: string): Command {
  return program.command(name).option('-c, --config <file>', `the configuration file (default: ${PLACES})`);
}

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}
