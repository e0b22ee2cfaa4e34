/** How proxies write a host, or every host that a star stands for. */
import type { Site } from './settings.ts';

type Named = Pick<Site, 'hostname' | 'isWildcard'>;

/** Traefik's rule. */
export function hostRule({ hostname, isWildcard }: Named): string {
  return isWildcard ? `HostRegexp(\`^${hostPattern({ hostname, isWildcard })}$\`)` : `Host(\`${hostname}\`)`;
}

/** A pattern without backslashes, which YAML reads between double quotes as it stands. */
export function hostPattern({ hostname, isWildcard }: Named): string {
  const pattern = hostname.replaceAll('.', '[.]');
  return isWildcard ? pattern.replace('*', '[^.]+') : pattern;
}
