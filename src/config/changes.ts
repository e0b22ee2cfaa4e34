/** What differs between two configurations, by the names of keys: never a value, which may be a secret. */
import { isDeepStrictEqual } from 'node:util';
import { listed } from '../words.ts';
import type { ApplicationConfig, Config } from './schema/config.ts';
import type { LoadedConfig } from './sources.ts';

export interface Changes {
  /** Applications, by slug. */
  added: string[];
  removed: string[];
  changed: { slug: string; keys: string[] }[];
  /** Keys of the top level; `log.level` for one of a mapping. */
  keys: string[];
  /** Files whose content is another one. */
  files: string[];
}

/** A line of the log names no more of a kind. */
const MAX_NAMED = 50;

/** Mappings of the top level whose keys are told apart. */
const MAPPINGS: readonly string[] = ['listen', 'redis', 'limits', 'log', 'pages', 'outpost'];

/** The names of the keys in which two mappings differ. */
function differentKeys(one: object, other: object): string[] {
  const [left, right] = [new Map(Object.entries(one)), new Map(Object.entries(other))];
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].filter((name) => !isDeepStrictEqual(left.get(name), right.get(name)));
}

function topLevelKeys(before: Config, after: Config): string[] {
  const [left, right] = [
    new Map<string, unknown>(Object.entries(before)),
    new Map<string, unknown>(Object.entries(after)),
  ];
  return differentKeys(before, after).flatMap((key) => {
    if (key === 'applications') return [];
    const [one, other] = [left.get(key), right.get(key)];
    if (!MAPPINGS.includes(key) || !isObject(one) || !isObject(other)) return [key];
    return differentKeys(one, other).map((name) => `${key}.${name}`);
  });
}

/** A list counts as one. */
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const bySlug = ({ applications }: Config) =>
  new Map(applications.map((application): [string, ApplicationConfig] => [application.slug, application]));

export function findChanges(before: LoadedConfig, after: LoadedConfig): Changes {
  const [old, now] = [bySlug(before.config), bySlug(after.config)];
  const changed = [...now].flatMap(([slug, application]) => {
    const previous = old.get(slug);
    const keys = previous === undefined ? [] : differentKeys(previous, application);
    return keys.length === 0 ? [] : [{ slug, keys }];
  });
  const keys = topLevelKeys(before.config, after.config);
  const kept = [...old.keys()].filter((slug) => now.has(slug));
  const isReordered = !isDeepStrictEqual(
    kept,
    [...now.keys()].filter((slug) => old.has(slug)),
  );
  return {
    added: [...now.keys()].filter((slug) => !old.has(slug)),
    removed: [...old.keys()].filter((slug) => !now.has(slug)),
    changed,
    keys: isReordered ? [...keys, 'the order of applications'] : keys,
    // The configuration's own file is what all of this is about.
    files: [...after.files].slice(1).flatMap(([path, hash]) => {
      const previous = before.files.get(path);
      return previous === undefined || previous === hash ? [] : [path];
    }),
  };
}

export function hasChanges({ added, removed, changed, keys, files }: Changes): boolean {
  return [added, removed, changed, keys, files].some((list) => list.length > 0);
}

/** `applications added: a; changed: b (access, scopes); top level: limits`. */
export function describeChanges({ added, removed, changed, keys, files }: Changes): string {
  const parts: [label: string, names: string[]][] = [
    ['applications added', added],
    ['applications removed', removed],
    ['applications changed', changed.map(({ slug, keys: own }) => `${slug} (${own.join(', ')})`)],
    ['top level', keys],
    ['content of files', files],
  ];
  return parts
    .filter(([, names]) => names.length > 0)
    .map(([label, names]) => `${label}: ${listed(names, MAX_NAMED)}`)
    .join('; ');
}
