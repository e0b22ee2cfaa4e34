import type { IncomingAuthRequest } from '../dialects/dialect.ts';

/** One header by its lower-case name. Node joins repeated ones with a comma and a space, which no reader here accepts. */
export function singleHeader(request: IncomingAuthRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : value?.join(', ');
}

/** Whether a header is there more than once. Node keeps the first `Host` and the first `Authorization` and says nothing of the others. */
export function isRepeated(request: IncomingAuthRequest, name: string): boolean {
  let seen = false;
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const raw = request.rawHeaders[i] as string;
    if (raw.length !== name.length || raw.toLowerCase() !== name) continue;
    if (seen) return true;
    seen = true;
  }
  return false;
}
