/** `gatepost doctor`: tries all that can be tried without a person, and says of each what was seen and what to do. */
import { escapeUnreadable } from '../characters.ts';
import type { ApplicationConfig, Config } from '../config/schema/config.ts';
import type { Check, Level } from '../doctor/check.ts';
import { type DoctorOptions, diagnose } from '../doctor/doctor.ts';
import { applicationOf } from '../doctor/through/through.ts';
import { EXIT_FAILED, EXIT_INVALID_CONFIG, EXIT_OK, type Io } from './io.ts';
import { loadCommandConfig } from './load_config.ts';
import { formatAddress, gatepostAddress } from './snippet/addresses.ts';

/** As it was typed. */
export interface DoctorRequest {
  through?: string;
  gatepost?: string;
  json?: boolean;
}

/** Ends with 0, with 1 where something may be wrong, and with 2 where something is. */
export async function doctorCommand(
  file: string | undefined,
  name: string | undefined,
  typed: DoctorRequest,
  { env, out, error }: Io,
): Promise<number> {
  const config = await loadCommandConfig(file, { env, error });
  const plan = planOf(config, name, typed);
  if (typeof plan === 'string') {
    error(`gatepost: ${plan}`);
    return EXIT_INVALID_CONFIG;
  }
  const checks = await diagnose(plan);
  if (typed.json) out(JSON.stringify({ checks }, undefined, 2));
  else for (const line of linesOf(checks)) out(line);
  if (checks.some(({ level }) => level === 'error')) return EXIT_INVALID_CONFIG;
  return checks.some(({ level }) => level === 'warning') ? EXIT_FAILED : EXIT_OK;
}

/** What to try; a sentence where the words of the command line make no sense. */
function planOf(config: Config, name: string | undefined, typed: DoctorRequest): DoctorOptions | string {
  const named = name === undefined ? undefined : find(config, name);
  if (name !== undefined && named === undefined)
    return `no application is called ${name}; there are ${config.applications.map(({ slug }) => slug).join(', ')}`;
  if (typed.through === undefined) return { config, applications: named ? [named] : config.applications };
  const [url, direct] = [readUrl(typed.through), readUrl(typed.gatepost ?? directUrl(config))];
  if (url === undefined) return '--through must be the address of a site, such as https://app.example.com';
  if (direct === undefined) return '--gatepost must be an address, such as http://gatepost:9000';
  const application = applicationOf(config, url) ?? named;
  if (application === undefined)
    return `no application has the host ${url.host}; there are ${config.applications.map(({ external_host }) => external_host).join(', ')}`;
  return { config, applications: [named ?? application], through: { application, url, direct } };
}

function find({ applications }: Config, name: string): ApplicationConfig | undefined {
  return applications.find(({ slug }) => slug === name) ?? applications.find((one) => one.name === name);
}

function readUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}

/** Where this machine's Gatepost listens. */
const directUrl = ({ listen }: Config) => `http://${formatAddress(gatepostAddress(listen.http))}`;

/**
 * A line for each check, and one for what to do.
 * Attack: the provider's or the site's own words in a message, with a line feed and behind it a check that went well.
 */
export function linesOf(checks: readonly Check[]): string[] {
  const lines: string[] = [];
  let heading: string | undefined = '';
  for (const { id, level, message, remedy, application } of checks) {
    const next = application ?? 'store';
    if (next !== heading) lines.push(...(heading === '' ? [] : ['']), application ?? 'all applications');
    heading = next;
    lines.push(`  ${level.padEnd(8)} ${id.padEnd(26)} ${message}`);
    if (remedy) lines.push(`${' '.repeat(11)}${' '.repeat(27)}-> ${remedy}`);
  }
  const count = (level: Level) => checks.filter((check) => check.level === level).length;
  lines.push('', `${count('ok')} ok, ${count('warning')} to look at, ${count('error')} wrong`);
  return lines.map(escapeUnreadable);
}
