/** Makes `*.localhost` this machine, as it is for browsers (RFC 6761, section 6.3); Node asks the system, which may not know. */
import dns from 'node:dns';

type Callback = (error: Error | null, found: unknown, family?: number) => void;

/** For this process; gives back what undoes it. */
export function resolveLocalhost(): () => void {
  const { lookup } = dns;
  const here = (name: string, options: unknown, callback: Callback) => {
    if (!name.endsWith('.localhost')) return lookup(name, options as dns.LookupOptions, callback as never);
    const all = (options as dns.LookupOptions).all === true;
    process.nextTick(callback, null, all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
  };
  dns.lookup = here as unknown as typeof dns.lookup;
  return () => {
    dns.lookup = lookup;
  };
}
