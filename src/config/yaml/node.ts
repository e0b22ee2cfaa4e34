/** The nodes of a YAML document. */

export type YamlNode = YamlCollection | (Extent & { kind: 'scalar'; text: string | null });

/** A list has its items, a mapping its keys and values in turn. */
export type YamlCollection = Extent & { kind: 'list' | 'mapping'; items: YamlNode[] };

interface Extent {
  line: number;
  /** How many nodes, and how many levels of them, there are with every alias written out. */
  size: number;
  levels: number;
}

/** `key` is given only where it is surely no secret. */
export type ReportLine = (line: number, message: string, key?: string) => void;

/** The entries of a mapping. */
export function entriesOf({ items }: YamlCollection): [key: YamlNode, value: YamlNode][] {
  const entries: [YamlNode, YamlNode][] = [];
  for (let index = 0; index < items.length; index += 2) {
    const [key, value] = items.slice(index, index + 2);
    if (key && value) entries.push([key, value]);
  }
  return entries;
}

/** The name of a key; `null` for a key that is none of a configuration (a list, a mapping, nothing). */
export function nameOf(key: YamlNode): string | null {
  return key.kind === 'scalar' ? key.text : null;
}
