/** `gatepost check`: validates the configuration and sums it up. */
import { type Inspection, inspectFile } from '../config/inspect.ts';
import { ConfigError, formatProblem } from '../config/problems.ts';
import { readOutpostStart } from '../outpost/start.ts';
import type { OutpostStart } from '../outpost/types.ts';
import { checkOutpost } from './check_outpost.ts';
import { checkProviders } from './check_providers.ts';
import { type CheckReport, describeForPrograms } from './check_report.ts';
import { describeConfig } from './check_words.ts';
import { findConfigFile, optionalConfigFile } from './config_file.ts';
import { EXIT_FAILED, EXIT_INVALID_CONFIG, EXIT_OK, type Io } from './io.ts';

export interface CheckOptions {
  /** Fails where one of the providers cannot be used. */
  providers?: boolean;
  /** For programs: one JSON text, also of a file that is wrong. */
  json?: boolean;
}

/** The exit code is that of the errors: warnings alone are none. */
export async function checkCommand(named: string | undefined, options: CheckOptions, io: Io): Promise<number> {
  const outpost = await readOutpost(named, io.env);
  if (outpost && 'settings' in outpost) return checkOutpost(outpost, options.json === true, io);
  const found = outpost ?? (await inspect(named, io.env));
  const { config, errors } = found;
  const answers = config && options.providers ? await checkProviders(config.applications) : [];
  const unusable = answers.flatMap(({ problem }) => problem ?? []);
  if (options.json) {
    const applications = config?.applications.map(describeForPrograms) ?? [];
    const report: CheckReport = { errors: [...errors, ...unusable], warnings: found.warnings(), applications };
    io.out(JSON.stringify(report, null, 2));
  } else {
    print(found, io);
    if (answers.length > 0) io.out('');
    for (const { issuer, problem } of answers) io.out(problem?.message ?? `the OpenID provider ${issuer} answers`);
  }
  if (!config) return EXIT_INVALID_CONFIG;
  return unusable.length > 0 ? EXIT_FAILED : EXIT_OK;
}

function print({ file, config, errors, warnings }: Found, { out, error }: Io): void {
  for (const problem of errors) error(formatProblem(file, problem));
  if (config) for (const line of describeConfig(file, config)) out(line);
  // Beside errors they go where those go.
  const say = config ? out : error;
  for (const warning of warnings()) say(`${config ? '\n' : ''}warning: ${formatProblem(file, warning)}`);
}

type Found = Inspection & { file: string };

/** `undefined` where outpost mode is off. */
async function readOutpost(named: string | undefined, env: Io['env']): Promise<OutpostStart | Found | undefined> {
  const file = optionalConfigFile(named, env);
  try {
    return await readOutpostStart({ file, env });
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    return { file: file ?? 'the environment', config: undefined, errors: cause.problems, warnings: () => [] };
  }
}

/** No file at all is one more thing that can be wrong with it. */
async function inspect(named: string | undefined, env: Io['env']): Promise<Found> {
  try {
    const file = findConfigFile(named, env);
    return { file, ...(await inspectFile(file, { env })) };
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    return { file: 'the configuration file', config: undefined, errors: cause.problems, warnings: () => [] };
  }
}
