/** `gatepost check` in outpost mode: reads authentik once, and prints each of its providers: served, or why not. */
import type { ConfigProblem } from '../config/problems.ts';
import { messageOf } from '../errors.ts';
import { type OutpostReading, readOutpostOnce } from '../outpost/read_once.ts';
import type { OutpostStart, RefusedProvider } from '../outpost/types.ts';
import { counted } from '../words.ts';
import { describeForPrograms } from './check_report.ts';
import { describeConfig } from './check_words.ts';
import { EXIT_FAILED, EXIT_OK, type Io } from './io.ts';

/** Fails where authentik cannot be read, and where one of its providers is not served. */
export async function checkOutpost(start: OutpostStart, json: boolean, io: Io): Promise<number> {
  let reading: OutpostReading;
  try {
    reading = await readOutpostOnce(start);
  } catch (error) {
    const problem = { key: '', line: 0, message: messageOf(error) };
    if (json) io.out(JSON.stringify({ errors: [problem], warnings: [], applications: [] }, null, 2));
    else io.error(`gatepost: ${problem.message}`);
    return EXIT_FAILED;
  }
  const { config, refused, outage } = reading;
  if (json) {
    const errors = refused.map(problemOf);
    const warnings = warningsOf(start, reading);
    io.out(JSON.stringify({ errors, warnings, applications: config.applications.map(describeForPrograms) }, null, 2));
  } else {
    print(start, reading, io);
  }
  return refused.length > 0 || outage !== undefined ? EXIT_FAILED : EXIT_OK;
}

function print(start: OutpostStart, reading: OutpostReading, { out, error }: Io): void {
  const { config, refused, state } = reading;
  const { name } = state.instance;
  for (const line of describeConfig(`the outpost ${name} at ${start.settings.host}`, config)) out(line);
  if (refused.length > 0) out(`\n${counted(refused.length, 'provider')} of authentik not served, or not wholly:`);
  for (const provider of refused) error(`  ${problemOf(provider).key}: ${problemOf(provider).message}`);
  for (const { message } of warningsOf(start, reading)) out(`\nwarning: ${message}`);
}

function problemOf({ pk, name, field, reason }: RefusedProvider): ConfigProblem {
  return { key: `${name} (${pk})`, line: 0, message: `${field} ${reason}` };
}

function warningsOf(start: OutpostStart, { notices, outage }: OutpostReading): ConfigProblem[] {
  const all = [...start.notices, ...notices].map(({ message }) => message);
  return [...(outage === undefined ? [] : [outage]), ...all].map((message) => ({ key: '', line: 0, message }));
}
