/** Where sessions are kept, as far as it can be judged without asking there. */
import { scalar } from './scalars.ts';

const forms = [
  '`memory`',
  '`file:///folder`',
  '`redis://host[:port][/db]`',
  '`redis+cluster://host:port,host:port`',
  '`redis+sentinel://host:port,host:port/master[/db]`',
];
const allowed = `${forms.join(', ')}; \`rediss\` for TLS, \`user:password@\` before the hosts`;

const redisForm = /^rediss?(\+cluster|\+sentinel)?:\/\/(?:[^@/?#\s]*@)?([^@/?#\s]+)((?:\/[^/?#\s]*)*)$/;
const host = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i;

/** A store's address, as it was written. It may hold a password, so no error shows it. */
export function storeUrl() {
  return scalar(
    allowed,
    (input) => {
      if (input === 'memory') return input;
      const problem = input.startsWith('file:') ? checkFileUrl(input) : checkRedisUrl(input);
      if (problem) throw new Error(problem);
      return input;
    },
    { secret: true },
  );
}

function checkFileUrl(input: string): string | undefined {
  if (/^file:\/\/\/[^?#]+$/.test(input) && URL.canParse(input)) return undefined;
  return 'must name a folder by its whole path: file:// and then /var/lib/gatepost, three slashes in all';
}

function checkRedisUrl(input: string): string | undefined {
  const [, kind, hosts, path] = redisForm.exec(input) ?? [];
  if (hosts === undefined || path === undefined) return `must be one of ${allowed.replaceAll('`', '')}`;
  const names = hosts.split(',');
  if (!names.every((name) => host.test(name) && Number(host.exec(name)?.[1] ?? 0) <= 65_535)) {
    return 'must name hosts as host:port; percent-encode what is special in a password';
  }
  if (kind === '+sentinel') {
    const named = /^\/[^/]+(?:\/\d+)?$/.test(path);
    return named ? undefined : 'must name the master after the sentinels: redis+sentinel://a:26379/mymaster';
  }
  if (kind === '+cluster') return /^\/?$/.test(path) ? undefined : 'must not name a database: a cluster has one';
  if (names.length > 1) return 'must name one host; for several say redis+cluster:// or redis+sentinel://';
  return /^\/?\d*$/.test(path) ? undefined : 'must end with the host, or with /0 for a database by its number';
}
