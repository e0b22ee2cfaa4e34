/** The command line: what can be typed, and what is said where it is wrong. */
import { Command, CommanderError } from 'commander';
import { version } from '../version.ts';
import type { Io } from './io.ts';

/** Runs one command and resolves with the exit code: 0, 1 for faults, 2 for a configuration that cannot be used. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  let code = 0;
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
    .description('answer proxies and browsers until SIGTERM')
    .action(async ({ config }) => exit(await (await import('./serve.ts')).serveCommand(config, io)));
  command(program, 'check')
    .description('validate the configuration and say what to register at the provider')
    .option('--providers', 'ask each provider, too, whether its issuer is right')
    .action(async ({ config, ...options }) =>
      exit(await (await import('./check.ts')).checkCommand(config, options, io)),
    );
  command(program, 'explain')
    .description('say which application and which rule decide about a request')
    .argument('<url>', 'what the client asks the proxy for')
    .option('--method <method>', "the client's method", 'GET')
    .option('--client-ip <address>', "the client's address; unknown without")
    .option('--user <name>', 'somebody who is signed in, by user name')
    .option('--email <address>', 'their e-mail address')
    .option('--group <name>', 'a group of theirs; may be repeated', collect, [])
    .action(async (url, { config, ...request }) => {
      exit(await (await import('./explain.ts')).explainCommand(config, { url, ...request }, io));
    });
  return program;
}

function command(program: Command, name: string): Command {
  return program.command(name).option('-c, --config <file>', 'the configuration', 'gatepost.yaml');
}

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}
