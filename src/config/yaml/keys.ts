/** Checks the keys of a YAML mapping, and that `<<` merges mappings. */
import { entriesOf, nameOf, type ReportLine, type YamlCollection, type YamlNode } from './node.ts';

const NOT_MERGEABLE = '<< takes over a mapping or a list of mappings, as an alias: <<: *name';

export function checkKeys(mapping: YamlCollection, report: ReportLine): void {
  const seen = new Set<string>();
  for (const [key, value] of entriesOf(mapping)) {
    const name = nameOf(key);
    // Attack: `__proto__` as a key would give the mapping a prototype, with keys that no check sees.
    if (name === null || name === '__proto__') report(key.line, notAKey(key));
    else if (seen.has(name)) report(key.line, 'this key is there twice in one mapping', plainName(name));
    else if (name === '<<' && !isMergeable(value)) report(key.line, NOT_MERGEABLE);
    else seen.add(name);
  }
}

function notAKey({ kind }: YamlNode): string {
  return `this is no key of a configuration${kind === 'scalar' ? '' : '; a value that begins with { or [ must be quoted'}`;
}

/** A name is shown only where it is plainly one: a secret with a colon in it that is not quoted may read as a key. */
function plainName(name: string): string {
  return /^[a-z_]{1,40}$/.test(name) ? name : '';
}

function isMergeable(node: YamlNode): boolean {
  if (node.kind === 'list') return node.items.every(({ kind }) => kind === 'mapping');
  return node.kind === 'mapping';
}
