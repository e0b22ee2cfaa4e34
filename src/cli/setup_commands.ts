/** The commands that set Gatepost up: `init`, `check`, `doctor`, `snippet`. */
import type { Command } from 'commander';
import { collect, command, type Shell } from './command.ts';
import { DEFAULT_FILES } from './config_file.ts';

export function addInit(program: Command, { io, exit }: Shell): void {
  program
    .command('init')
    .description('write a first configuration, and say what to register at the provider')
    .option('--host <url>', 'the address of the site to protect, such as https://grafana.example.com')
    .option('--issuer <url>', 'the OpenID provider')
    .option('--client-id <id>', "the site's client ID at the provider")
    .option('--client-secret <secret>', 'its secret; other users of this machine may see it on a command line')
    .option('--client-secret-file <file>', 'a file that holds the secret; - is standard input')
    .option('--public', 'the client has no secret')
    .option('--proxy <name>', 'the proxy in front of the site: nginx, traefik, caddy, …')
    .option('--name <name>', 'the name of the site')
    .option('-o, --out <file>', 'the file to write; never one that exists', DEFAULT_FILES[0])
    .action(async (flags) => exit(await (await import('./other_commands.ts')).initCommand(flags, io)));
}

export function addCheck(program: Command, { io, exit }: Shell): void {
  command(program, 'check')
    .description('validate the configuration and print what to register at the provider')
    .option('--providers', 'also fetch the metadata of each provider')
    .option('--json', 'print { errors, warnings, applications } for programs')
    .action(async ({ config, ...options }) =>
      exit(await (await import('./other_commands.ts')).checkCommand(config, options, io)),
    );
}

export function addDoctor(program: Command, { io, exit }: Shell): void {
  command(program, 'doctor')
    .description('try provider, client, store and, with --through, the proxy: what is wrong, and what to do')
    .argument('[app]', 'one application, by slug or name; all if left out')
    .option('--through <url>', "a site's public address: a round trip through your own proxy")
    .option('--gatepost <url>', 'where Gatepost listens, if it is not listen.http of this machine')
    .option('--json', 'print the checks as JSON')
    .action(async (app, { config, ...options }) =>
      exit(await (await import('./other_commands.ts')).doctorCommand(config, app, options, io)),
    );
}

export function addSnippet(program: Command, { io, printFile, exit }: Shell): void {
  command(program, 'snippet')
    .description("print the proxy's files with the hosts, ports and cookie names of the configuration")
    .argument('<proxy>', 'nginx, traefik, caddy, envoy, haproxy, ingress-nginx, gateway-api or compose')
    .argument('[app]', 'the slug of an application; all if left out')
    .option('--upstream <[host=]address>', 'where the proxy reaches an application; may be repeated', collect, [])
    .option('--gatepost <address>', 'where the proxy reaches Gatepost; by listen.http if left out')
    .option('--behind <networks>', 'a load balancer at these addresses ends TLS')
    .option('--certificate <file>', 'the certificate of a proxy that ends TLS')
    .option('--key <file>', 'its key')
    .option('-o, --out <folder>', 'write the files into a folder')
    .option('--force', 'write over files that are there')
    .action(async (proxy, app, { config, ...flags }) => {
      const { snippetCommand } = await import('./other_commands.ts');
      exit(await snippetCommand(proxy, config, { ...flags, application: app }, { ...io, printFile }));
    });
}
