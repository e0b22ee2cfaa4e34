/** The commands of a Gatepost that runs: `serve`, `healthcheck`, `explain`, `sessions`. */
import { Argument, type Command, Option } from 'commander';
import { collect, command, type Shell } from './command.ts';

export function addServe(program: Command, { io, exit }: Shell): void {
  command(program, 'serve')
    .description('serve proxies and browsers until SIGTERM')
    .action(async ({ config }) => exit(await (await import('./serve.ts')).serveCommand(config, io)));
}

/** As authentik's images have it: its integrations run `/proxy healthcheck` or `/authentik healthcheck proxy`. */
export function addHealthcheck(program: Command, { io, exit }: Shell): void {
  program
    .command('healthcheck')
    .description('ask the Gatepost of this machine or container whether it runs; the exit code is 0 if it does, else 1')
    .addArgument(new Argument('[kind]', 'for authentik, which names it').choices(['proxy']))
    .action(async () => exit(await (await import('./healthcheck.ts')).healthcheckCommand(io)));
}

/** The kinds of proxies that `explain` asks for. */
const DIALECTS = ['nginx', 'traefik', 'caddy', 'envoy'];

export function addExplain(program: Command, { io, exit }: Shell): void {
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
      exit(await (await import('./other_commands.ts')).explainCommand(config, { url, ...request }, io));
    });
}

/** `gatepost sessions list|show|end`. */
export function addSessions(program: Command, { io, exit }: Shell): void {
  const sessions = program.command('sessions').description('list, show and end the sessions of the store in use');
  const load = () => import('./other_commands.ts');
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
