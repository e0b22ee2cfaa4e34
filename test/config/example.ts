import { parseConfig } from '../../src/config/load.ts';
import { ConfigError, type ConfigProblem } from '../../src/config/problems.ts';

export const secret = '0123456789abcdef0123456789abcdef';

/** The smallest configuration, with more lines at the top level and in its application. */
export function yaml({ top = '', application = '', leaveOut = [] as string[] } = {}): string {
  const keys = {
    name: 'Grafana',
    external_host: 'https://grafana.example.com',
    issuer: 'https://auth.example.com/application/o/grafana/',
    client_id: 'grafana',
  };
  const indented = application
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `    ${line}\n`)
    .join('');
  // The first key stands behind the dash, so it is never left out.
  const lines = Object.entries(keys).filter(
    ([key]) => !leaveOut.includes(key) && !new RegExp(`^${key}:`, 'm').test(application),
  );
  return [
    leaveOut.includes('secret') || /^secret(_file)?:/m.test(top) ? '' : `secret: ${secret}\n`,
    top === '' ? '' : `${top}\n`,
    'applications:\n  -\n',
    ...lines.map(([key, value]) => `    ${key}: ${value}\n`),
    indented,
  ].join('');
}

export function parse(text: string, env: Record<string, string> = {}) {
  return parseConfig(text, { env, file: 'gatepost.yaml' });
}

/** The problems of a configuration that must be refused. */
export function problemsOf(text: string, env: Record<string, string> = {}): readonly ConfigProblem[] {
  try {
    parse(text, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error(`was accepted:\n${text}`);
}
