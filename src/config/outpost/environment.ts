/** Outpost mode: fills in what the environment says, and what that mode has in the place of the usual defaults. */
import { secretOfToken } from '../../crypto/token_secret.ts';
import { messageOf } from '../../errors.ts';
import { formatKey, type KeyPath, type Report } from '../problems.ts';
import { OUTPOST_NETWORKS } from '../trusted_proxies.ts';
import { isMapping, type Raw, type RawMapping } from '../yaml/raw.ts';
import { spellFlag, spellLogLevel, splitCommas } from './spellings.ts';
import type { Values, Variable } from './variables.ts';

/** A variable whose key the file has: it is the file's that counts. */
export interface Overruled {
  variable: Variable;
  key: string;
}

export interface Filled {
  /** The file, or the environment, says `log.level`. */
  logLevelIsGiven: boolean;
  /** The file, or the environment, says `secret`. */
  secretIsGiven: boolean;
  overruled: readonly Overruled[];
  /** `outpost.overrides` as it was written, with its references replaced. */
  overrides: RawMapping;
  /** The place of a value in the environment. */
  variableOf(path: KeyPath): KeyPath | undefined;
}

/** @throws Error whose message says what is allowed, and shows nothing of the value */
type Spelling = (value: string) => Raw;

const asItIs: Spelling = (value) => value;

type Row = readonly [key: readonly [string] | readonly [string, string], variable: Variable, spelling: Spelling];

/** The environment says which outpost this is. */
const OUTPOST_KEYS: readonly Row[] = [
  [['outpost', 'host'], 'AUTHENTIK_HOST', asItIs],
  [['outpost', 'token'], 'AUTHENTIK_TOKEN', asItIs],
  [['outpost', 'insecure'], 'AUTHENTIK_INSECURE', spellFlag],
  [['outpost', 'host_browser'], 'AUTHENTIK_HOST_BROWSER', asItIs],
];

/** The file says how this process runs. */
const PROCESS_KEYS: readonly Row[] = [
  [['listen', 'http'], 'AUTHENTIK_LISTEN__HTTP', asItIs],
  [['listen', 'metrics'], 'AUTHENTIK_LISTEN__METRICS', asItIs],
  [['trusted_proxies'], 'AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS', splitCommas],
  [['log', 'level'], 'AUTHENTIK_LOG_LEVEL', spellLogLevel],
  [['secret'], 'GATEPOST_SECRET', asItIs],
  [['store'], 'GATEPOST_STORE', asItIs],
];

/** The token is sent to the host: neither is of use alone. */
const NEEDED = [
  ['host', 'AUTHENTIK_HOST', 'the URL of authentik'],
  ['token', 'AUTHENTIK_TOKEN', 'the token of the outpost, which authentik shows under "View deployment info"'],
] as const;

/**
 * In place. Within `outpost` the environment wins, everywhere else the file does.
 * @param raw with its references and files read
 */
export function fillFromEnvironment(raw: RawMapping, values: Values, report: Report): Filled {
  const sources = new Map<string, Variable>();
  const overruled: Overruled[] = [];

  function fill([path, variable, spelling]: Row, value: string, isOverruling: boolean): void {
    const owner = path.length === 1 ? raw : mappingAt(raw, path[0]);
    const key = path.at(-1) ?? '';
    // What is no mapping is reported by the schema.
    if (owner === undefined) return;
    if (owner[key] !== undefined && !isOverruling) {
      if (!names(owner[key], value)) overruled.push({ variable, key: formatKey(path) });
      return;
    }
    sources.set(formatKey(path), variable);
    try {
      // An empty one has been reported.
      owner[key] = value === '' ? value : spelling(value);
    } catch (error) {
      report([variable], messageOf(error));
    }
  }

  function fillAll(rows: readonly Row[], isOverruling: boolean): void {
    for (const row of rows) {
      const value = values[row[1]];
      if (value !== undefined) fill(row, value, isOverruling);
    }
  }

  const isInFile = raw.outpost !== undefined;
  if (raw.outpost === null) raw.outpost = {};
  fillAll(OUTPOST_KEYS, true);
  fillAll(PROCESS_KEYS, false);
  const outpost = mappingAt(raw, 'outpost');
  for (const [key, variable, what] of NEEDED) {
    if (!outpost || outpost[key] !== undefined) continue;
    if (isInFile) report(['outpost', key], `is required (${what}), unless ${variable} is set`);
    else report([variable], `is not set, or empty: in the place of authentik's outpost Gatepost needs ${what}`);
  }
  const given = {
    logLevelIsGiven: mappingAt(raw, 'log')?.level !== undefined,
    secretIsGiven: raw.secret !== undefined,
  };
  fillPresets(raw, outpost?.token);
  return {
    ...given,
    overruled,
    overrides: isMapping(outpost?.overrides) ? outpost.overrides : {},
    variableOf(path) {
      const variable = sources.get(formatKey(path.slice(0, 1))) ?? sources.get(formatKey(path.slice(0, 2)));
      return variable && [variable];
    },
  };
}

/** Whether the file itself names the variable: `secret: [${GATEPOST_SECRET}, …]`. */
function names(own: Raw | undefined, value: string): boolean {
  return own === value || (Array.isArray(own) && own.includes(value));
}

/** As authentik's outpost listens and trusts; a key that is there and empty is a mistake, as ever. */
function fillPresets(raw: RawMapping, token: Raw | undefined): void {
  const preset = (owner: RawMapping | undefined, key: string, value: Raw) => {
    if (owner && owner[key] === undefined) owner[key] = value;
  };
  const listen = mappingAt(raw, 'listen');
  preset(listen, 'http', '[::]:9000');
  preset(listen, 'metrics', '[::]:9300');
  preset(raw, 'trusted_proxies', [...OUTPOST_NETWORKS]);
  preset(raw, 'applications', []);
  preset(raw, 'secret', secretOfToken(typeof token === 'string' ? token : ''));
}

/** The mapping of a key, made where there is none; `undefined` for another shape. */
function mappingAt(raw: RawMapping, key: string): RawMapping | undefined {
  const value = raw[key] === undefined ? {} : raw[key];
  if (!isMapping(value)) return undefined;
  raw[key] = value;
  return value;
}
