/** What `gatepost init` has to know: from its options, and on a terminal by asking for what is left. */
import { readFileSync } from 'node:fs';
import type * as z from 'zod';
import { JITLESS, text } from '../config/schema/scalars.ts';
import { externalHost, issuerUrl } from '../config/schema/urls.ts';
import { whyUnreadable } from '../config/secrets.ts';
import { type InitAnswers, nameOfHost, PROXY_NAMES, type ProxyName } from './init_file.ts';
import type { Prompt } from './prompt.ts';

export interface InitFlags {
  host?: string;
  issuer?: string;
  clientId?: string;
  clientSecret?: string;
  /** `-` is standard input. */
  clientSecretFile?: string;
  public?: boolean;
  proxy?: string;
  name?: string;
}

/** What a value was read as, or what is wrong with it. */
type Reading<T> = { value: T } | { problem: string };

interface Question<T> {
  /** The options that answer it. */
  flag: string;
  given: string | undefined;
  ask: string;
  hidden?: boolean;
  read(typed: string): Reading<T>;
}

/**
 * Resolves with the answers, or with every option that is missing or wrong.
 * @param prompt `undefined` where nobody can be asked
 */
export async function collectAnswers(
  flags: InitFlags,
  prompt: Prompt | undefined,
  say: (line: string) => void,
): Promise<InitAnswers | { problems: string[] }> {
  const problems: string[] = [];
  const answer = async <T>(question: Question<T>): Promise<T | undefined> => {
    const { flag, given } = question;
    if (given === undefined && prompt) return askUntilRight(question, prompt, say);
    const reading = given === undefined ? { problem: 'is missing' } : question.read(given);
    if ('value' in reading) return reading.value;
    problems.push(`${flag} ${reading.problem}`);
    return undefined;
  };
  const host = await answer(hostQuestion(flags));
  const issuer = await answer(issuerQuestion(flags));
  const clientId = await answer(clientIdQuestion(flags));
  const clientSecret = flags.public ? '' : await answer(clientSecretQuestion(flags));
  const needsProxy = flags.proxy !== undefined || prompt !== undefined;
  const proxy = needsProxy ? await answer(proxyQuestion(flags)) : 'none';
  const name = flags.name === undefined ? undefined : await answer(nameQuestion(flags));
  if (problems.length > 0 || !host || !issuer || !clientId || clientSecret === undefined) return { problems };
  return {
    name: name ?? nameOfHost(host),
    host,
    issuer,
    clientId,
    clientSecret: clientSecret === '' ? undefined : clientSecret,
    proxy: proxy === 'none' ? undefined : proxy,
  };
}

async function askUntilRight<T>(question: Question<T>, prompt: Prompt, say: (line: string) => void): Promise<T> {
  for (;;) {
    const typed = await prompt.ask(question.ask, { hidden: question.hidden === true });
    const reading = question.read(typed);
    if ('value' in reading) return reading.value;
    say(`  ${reading.problem}`);
  }
}

/** As the configuration reads the value, so that nothing is taken here that is refused there. */
function readBy<T>(schema: z.ZodType<T>, typed: string): Reading<T> {
  const { success, data, error } = schema.safeParse(typed, JITLESS);
  return success ? { value: data } : { problem: error.issues[0]?.message ?? 'is wrong' };
}

function hostQuestion({ host }: InitFlags): Question<string> {
  return {
    flag: '--host',
    given: host,
    ask: '1/5 The address of the site to protect, as browsers see it (https://grafana.example.com): ',
    read: (typed) =>
      readBy(externalHost(), /^[a-z][a-z0-9+.-]*:\/\//i.test(typed) || typed === '' ? typed : `https://${typed}`),
  };
}

function issuerQuestion({ issuer }: InitFlags): Question<string> {
  return {
    flag: '--issuer',
    given: issuer,
    ask: '2/5 The issuer: the address of the OpenID provider, as its discovery document has it: ',
    read: (typed) => readBy(issuerUrl(), typed.replace(/\/\.well-known\/openid-configuration$/, '')),
  };
}

function clientIdQuestion({ clientId }: InitFlags): Question<string> {
  return {
    flag: '--client-id',
    given: clientId,
    ask: '3/5 The client ID that the provider has for this site: ',
    read: (typed) => readBy(text('the client ID that the provider knows'), typed),
  };
}

/** The empty text is a public client. */
function clientSecretQuestion({ clientSecret, clientSecretFile: file }: InitFlags): Question<string> {
  return {
    flag: '--client-secret, --client-secret-file or --public',
    given: clientSecret ?? file,
    ask: '4/5 The client secret (not shown; empty for a public client): ',
    hidden: true,
    read(typed) {
      if (clientSecret !== undefined && file !== undefined) return { problem: 'exclude each other: keep one of them' };
      const isTyped = clientSecret === undefined && file === undefined;
      if (isTyped && typed === '') return { value: '' };
      const secret = file === undefined ? { value: typed } : readSecretFile(file);
      return 'value' in secret ? readBy(text('the client secret', { secret: true }), secret.value) : secret;
    },
  };
}

function readSecretFile(file: string): Reading<string> {
  try {
    return { value: readFileSync(file === '-' ? 0 : file, 'utf8').replace(/[\r\n]+$/, '') };
  } catch (error) {
    return { problem: `names ${file}, which ${whyUnreadable(error)}` };
  }
}

function proxyQuestion({ proxy }: InitFlags): Question<ProxyName | 'none'> {
  const names = [...PROXY_NAMES, 'none'] as const;
  return {
    flag: '--proxy',
    given: proxy,
    ask: `5/5 The proxy (${names.join(', ')}): `,
    read(typed) {
      const found = names.find((name) => name === typed.toLowerCase());
      return found === undefined ? { problem: `must be one of ${names.join(', ')}` } : { value: found };
    },
  };
}

function nameQuestion({ name }: InitFlags): Question<string> {
  return { flag: '--name', given: name, ask: '', read: (typed) => readBy(text('the name of the application'), typed) };
}
