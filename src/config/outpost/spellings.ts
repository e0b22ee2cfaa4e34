/** Values of authentik's variables, as the keys of the configuration spell them. What is thrown shows no value. */

/** As Docker, Kubernetes and the compose export of authentik write it, and as Go and Rust read it. */
export function spellFlag(value: string): 'true' | 'false' {
  if (/^(?:true|t|1)$/i.test(value)) return 'true';
  if (/^(?:false|f|0)$/i.test(value)) return 'false';
  throw new Error('must be true or false');
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

/** In any letter case; `warning` is what authentik calls `warn`. */
export function spellLogLevel(value: string): string {
  const level = value.toLowerCase().replace(/^warning$/, 'warn');
  if (LEVELS.includes(level)) return level;
  throw new Error('must be one of trace, debug, info, warning, error');
}

/** The items of a list with commas. */
export function splitCommas(value: string): string[] {
  const items = value.split(',').map((item) => item.trim());
  const given = items.filter((item) => item !== '');
  if (given.length > 0) return given;
  throw new Error('must have one item or more, with commas between them');
}
