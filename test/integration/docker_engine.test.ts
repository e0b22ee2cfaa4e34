/** The double of the Docker Engine says nothing that Docker would not: by the schema that Docker publishes. */
import { existsSync, readFileSync } from 'node:fs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { dockerSchema } from '../../scripts/docker_schema.ts';
import type { ComposeService } from './compose_file.ts';
import { interpolate, readCompose } from './compose_file.ts';
import { detailOf, eventOf, infoOf, networkOf, summaryOf, versionOf } from './docker_engine.ts';

type Node = { [name: string]: unknown };
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Definitions that others are made of: these others have further names. */
function partsOf(node: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(node)) for (const one of node) partsOf(one, found);
  if (!isNode(node)) return found;
  for (const part of Array.isArray(node.allOf) ? node.allOf : []) if (isNode(part)) found.add(`${part.$ref}`);
  for (const one of Object.values(node)) partsOf(one, found);
  return found;
}

/** A name that the schema does not have is an error: a misspelt one would pass. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (!isNode(node)) return node;
  const { allOf, format: _, ...rest } = node;
  const copy = Object.fromEntries(Object.entries(rest).map(([name, one]) => [name, closed(one)]));
  if (Array.isArray(allOf)) return { ...copy, allOf, unevaluatedProperties: false };
  const isOpen = !isNode(node.properties) || 'additionalProperties' in node || typeof node.type !== 'string';
  return isOpen ? copy : { ...copy, additionalProperties: false };
}

function readSchema(): Node {
  // The published text closes brackets further left than YAML allows.
  const text = readFileSync(dockerSchema, 'utf8').replace(/^ +[}\]]/gm, (line) => `  ${line}`);
  const schema = load(text);
  if (!isNode(schema) || !isNode(schema.definitions)) throw new Error('no schema');
  const parts = partsOf(schema.definitions);
  const one = ([name, node]: [string, unknown]) => [name, parts.has(`#/definitions/${name}`) ? node : closed(node)];
  return Object.fromEntries(Object.entries(schema.definitions).map(one));
}

const app: ComposeService = { image: 'app', command: [], environment: {}, labels: { caddy: 'a' }, networks: ['app'] };

const ANSWERS: [definition: string, answer: Node][] = [
  ['ContainerSummary', summaryOf(['app', app])],
  ['ContainerInspectResponse', detailOf(['app', app])],
  ['Network', networkOf('app')],
  ['SystemInfo', infoOf()],
  ['SystemVersion', versionOf()],
  ['EventMessage', eventOf('start', ['app', app])],
];

if (!existsSync(dockerSchema) && process.env.CI === 'true') throw new Error('no schema: run "npm run tools"');
describe.skipIf(!existsSync(dockerSchema))("Docker's schema", () => {
  const definitions = existsSync(dockerSchema) ? readSchema() : {};
  const problems = (definition: string, answer: Node) => {
    const ajv = new Ajv2019({ strict: false, allErrors: true, validateFormats: false });
    const validate = ajv.compile({ definitions, $ref: `#/definitions/${definition}` });
    validate(answer);
    return (validate.errors ?? []).map(({ instancePath, message, params }) => [instancePath, message, params]);
  };

  test.each(ANSWERS)('%s has no other names and types', (definition, answer) => {
    expect(problems(definition, answer)).toEqual([]);
    expect(problems(definition, { ...answer, Labls: {} })).not.toEqual([]);
  });

  test('a misspelt name further in is seen', () => {
    const { NetworkSettings, ...rest } = summaryOf(['app', app]);
    const wrong = { Networks: { app: { ...NetworkSettings.Networks.app, IpAddress: '127.0.0.1' } } };
    expect(problems('ContainerSummary', { ...rest, NetworkSettings: wrong })).not.toEqual([]);
    expect(problems('ContainerInspectResponse', { HostConfig: { NetworkMod: 'app' } })).not.toEqual([]);
  });
});

test('the Compose files are read as Compose reads them', () => {
  expect(interpolate('a$$|b')).toBe('a$|b');
  for (const wrong of ['a$|b', 'a$b', 'a${NOT_SET}']) expect(() => interpolate(wrong)).toThrow('Compose');
  const { gatepost, app: site } = readCompose(new URL('../../compose/traefik-labels.yml', import.meta.url).pathname);
  expect(gatepost!.labels['traefik.http.routers.gatepost.rule']).toMatch(/\|backchannel_logout\)\$`\)$/);
  expect(site!.networks).toEqual(['project_app']);
});
