/** What the checks look at: the values that are valid by themselves. */
import type { ApplicationConfig, Config } from '../schema/config.ts';

/** A value that was refused is there as `undefined`; a key that may be left out, and was, is not there. */
export type ValidApplication = Partial<ApplicationConfig>;

export interface ValidConfig extends Partial<Omit<Config, 'applications'>> {
  applications: readonly ValidApplication[];
}
