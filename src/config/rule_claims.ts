/** The claims that access rules compare. */
import type { ApplicationConfig } from './schema/config.ts';

/** By their paths as configured, each once. */
export function ruleClaims(access: ApplicationConfig['access']): readonly string[] {
  return [...new Set(access.flatMap(({ claims = {} }) => Object.keys(claims)))];
}
