/** `gatepost init`: writes a first configuration, and says what to register and what to do next. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { inspectText } from '../config/inspect.ts';
import { formatProblem } from '../config/problems.ts';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { endpointUrl, redirectUri } from '../endpoints.ts';
import { DEFAULT_FILES } from './config_file.ts';
import { collectAnswers, type InitFlags } from './init_answers.ts';
import { type InitAnswers, initFile } from './init_file.ts';
import { EXIT_FAILED, EXIT_OK, type Io } from './io.ts';
import { packageFile } from './package_files.ts';
import { createPrompt, type Prompt, PromptClosed } from './prompt.ts';

const [DEFAULT_FILE] = DEFAULT_FILES;

/** Where a person can be asked. */
export interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream & { isTTY?: boolean };
}

/** @param flags the options; `out`: the file to write, which must not exist */
export async function initCommand(
  { out: file = DEFAULT_FILE, ...flags }: InitFlags & { out?: string },
  io: Io,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<number> {
  // Before the questions: nobody answers five for nothing. The file itself is made only where there is none.
  if (existsSync(file))
    return fail(io, `${file} exists already, and init never writes over a file: --out names another`);
  const isComplete = [flags.host, flags.issuer, flags.clientId].every((flag) => flag !== undefined) && hasSecret(flags);
  const prompt = !isComplete && input.isTTY && output.isTTY ? createPrompt(input, output) : undefined;
  const answers = await collect(flags, prompt, io);
  if (!answers) return EXIT_FAILED;
  const text = initFile(answers, schemaBeside(file));
  const { config, errors } = inspectText(text, { env: {}, file });
  const [application] = config?.applications ?? [];
  if (!application) {
    for (const problem of errors) io.error(`gatepost: ${formatProblem('the answers', { ...problem, line: 0 })}`);
    return EXIT_FAILED;
  }
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    return fail(io, `${file} ${whyUnwritable(error)}`);
  }
  for (const line of nextSteps(file, application, answers)) io.out(line);
  return EXIT_OK;
}

function hasSecret({ clientSecret, clientSecretFile, public: isPublic }: InitFlags): boolean {
  return isPublic === true || clientSecret !== undefined || clientSecretFile !== undefined;
}

async function collect(flags: InitFlags, prompt: Prompt | undefined, io: Io): Promise<InitAnswers | undefined> {
  try {
    const answers = await collectAnswers(flags, prompt, io.error);
    if (!('problems' in answers)) return answers;
    for (const problem of answers.problems) io.error(`error: ${problem}`);
    io.error(
      'gatepost init asks on a terminal; elsewhere: --host URL --issuer URL --client-id ID --client-secret-file FILE',
    );
  } catch (error) {
    if (!(error instanceof PromptClosed)) throw error;
    io.error('gatepost: nothing was written');
  } finally {
    prompt?.close();
  }
  return undefined;
}

function fail(io: Io, problem: string): number {
  io.error(`gatepost: ${problem}`);
  return EXIT_FAILED;
}

function whyUnwritable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return 'exists already, and init never writes over a file: --out names another';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'cannot be written: its folder does not exist';
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'cannot be written by this user (permissions)';
  return `cannot be written (${code ?? 'unknown error'})`;
}

/** The JSON Schema, as seen from the file, where the package is installed beside it: an editor then knows all keys. */
function schemaBeside(file: string): string | undefined {
  const { name }: { name: string } = createRequire(import.meta.url)(packageFile('package.json'));
  const path = `node_modules/${name}/dist/gatepost.schema.json`;
  return existsSync(join(dirname(resolve(file)), path)) ? `./${path}` : undefined;
}

function nextSteps(file: string, application: ApplicationConfig, { proxy }: InitAnswers): string[] {
  const named = file === DEFAULT_FILE ? '' : ` --config ${file}`;
  const { external_host, client_id } = application;
  return [
    `${file} is written, with a fresh secret, readable by this user alone.`,
    '',
    `Register at the provider, for the client ${client_id}:`,
    `  redirect URI              ${redirectUri(application)}`,
    `  post-logout redirect URI  ${external_host}/ (where post_logout_redirect_uri is set)`,
    `  back-channel logout URL   ${endpointUrl(application, 'backchannel_logout')}`,
    '',
    'Then:',
    `  gatepost check${named}    what is wrong with the file`,
    `  gatepost doctor${named}    whether the provider takes all this`,
    `  gatepost snippet ${proxy ?? 'nginx'}${named} --out proxy    the files for ${proxy ?? 'nginx, or another proxy'}`,
    `  gatepost serve${named}`,
  ];
}
