/** Runs the checks that look at more than one key, on those keys that are sound by themselves. */

import type { KeyPath, Report } from '../problems.ts';
import type { ApplicationConfig, Config } from '../schema/config.ts';
import { checkApplication } from './application.ts';
import { checkDuplicates } from './duplicates.ts';
import { checkProcess } from './process.ts';

/** Applications and top-level keys without those values that were refused already. */
export type SoundApplication = Partial<ApplicationConfig>;
export interface SoundConfig extends Partial<Omit<Config, 'applications'>> {
  applications: SoundApplication[];
}

/** What zod knows of a problem that it has found. */
interface Issue {
  code?: string | undefined;
  path?: readonly PropertyKey[] | undefined;
}

/** Each check is named by what it makes sure of. */
export function checkConfig(config: Config, issues: readonly Issue[], report: Report): void {
  const sound = soundPart(config, issues);
  checkProcess(sound, report);
  checkDuplicates(sound.applications, report);
  sound.applications.forEach((application, index) => {
    checkApplication(application, (path, message) => report(['applications', index, ...path], message));
  });
}

/** Leaves out what has an issue, so that one mistake is reported once. */
function soundPart(config: Config, issues: readonly Issue[]): SoundConfig {
  const sound: SoundConfig = {
    ...config,
    applications: Array.isArray(config.applications) ? [...config.applications] : [],
  };
  for (const { code, path = [] } of issues) {
    if (code === 'unrecognized_keys') continue;
    const [first, index, key] = path as KeyPath;
    if (first !== 'applications') delete sound[first as keyof Config];
    else if (typeof index !== 'number') sound.applications = [];
    else if (key === undefined) sound.applications[index] = {};
    else sound.applications[index] = { ...sound.applications[index], [key]: undefined };
  }
  return sound;
}
