/** Reads what a process in outpost mode starts with: file and environment, everything checked, nothing asked yet. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { freeze } from '../config/freeze.ts';
import { type Inspection, inspectFile, inspectText } from '../config/inspect.ts';
import { ConfigError } from '../config/problems.ts';
import type { Config } from '../config/schema/config.ts';
import { hashFiles } from '../config/sources.ts';
import type { OutpostReading } from '../config/validate.ts';
import { startNotices } from './start_notices.ts';
import { createTokenSource } from './token_source.ts';
import type { OutpostSettings, OutpostStart } from './types.ts';

export interface OutpostSources {
  /** The configuration file, where there is one. */
  file: string | undefined;
  env: Record<string, string | undefined>;
}

const ENVIRONMENT = 'the environment';

/**
 * `undefined` where outpost mode is off: `AUTHENTIK_TOKEN` is not set, and the file has no `outpost`. A file that cannot be
 * read at all is then for others to report. Called again, it reads everything anew.
 *
 * @throws ConfigError with all problems of file and environment
 */
export async function readOutpostStart({ file, env }: OutpostSources): Promise<OutpostStart | undefined> {
  // Without a file a host alone can mean nothing else: what is missing is named.
  const isWanted = Boolean(env.AUTHENTIK_TOKEN) || (file === undefined && Boolean(env.AUTHENTIK_HOST));
  if (!isWanted && !(await hasTheWord(file))) return undefined;
  const named = new Set(file === undefined ? [] : [resolve(file)]);
  const options = { env, outpost: isWanted, onFile: (path: string) => named.add(path) };
  const found =
    file === undefined ? inspectText('', { ...options, file: ENVIRONMENT }) : await inspectFile(file, options);
  if (!found.outpost && !isWanted) return undefined;
  const { config, reading } = usable(found, file ?? ENVIRONMENT);
  const { outpost, ...rest } = config;
  const token = outpost?.token ?? '';
  const settings = settingsOf(outpost, reading);
  return {
    settings,
    token: createTokenSource(token, reading.tokenFile),
    base: freeze({
      ...rest,
      managed: {
        authority: settings.host,
        waiting: true,
        reserved: { hosts: [], domains: [] },
        ...(settings.passClientIp && { clientAddressToken: token }),
      },
    }),
    notices: startNotices(settings, reading, env),
    file,
    files: await hashFiles([...named]),
  };
}

/** Most files have no `outpost`, but `outpost_name`: ten thousand applications need not be validated to learn that. */
async function hasTheWord(file: string | undefined): Promise<boolean> {
  const bytes = file === undefined ? undefined : await readFile(file).catch(() => undefined);
  return bytes !== undefined && /outpost(?!_name)/.test(bytes.toString('latin1'));
}

function usable({ config, outpost, errors }: Inspection, file: string): { config: Config; reading: OutpostReading } {
  if (!config || !outpost) throw new ConfigError(file, errors);
  return { config, reading: outpost };
}

function settingsOf(outpost: Config['outpost'], reading: OutpostReading): OutpostSettings {
  return {
    host: outpost?.host ?? '',
    insecure: outpost?.insecure ?? false,
    hostBrowser: outpost?.host_browser,
    passClientIp: outpost?.pass_client_ip ?? false,
    keepMs: outpost?.keep ?? 0,
    overrides: Object.assign(Object.create(null), reading.overrides),
    logLevelIsGiven: reading.logLevelIsGiven,
    secretIsGiven: reading.secretIsGiven,
  };
}
