/**
 * What a running Gatepost shows on `/metrics` is what docs/operating.md lists, and all that the alert rules and the
 * dashboard ask for.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ask, basic, dialects, from, hostOf, OUTPOST, send, startContract } from '../contract/setup.ts';
import { read, readAlerts, readDashboard, root } from './files.ts';
import { groupingsOf, selectorsOf, templatesOf } from './promql.ts';
import { type Metrics, scrape, scrapeParent } from './scrape.ts';

/** Those that Prometheus adds. */
const OF_PROMETHEUS = ['job', 'instance'];

let metrics: Metrics;
let parent: Metrics;
let text: string;
let code: string;
beforeAll(async () => {
  [{ metrics, text }, parent] = await Promise.all([scrape(), scrapeParent()]);
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  code = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
    .join('\n');
});

const labelsOf = (metric: string) => metrics.get(metric) ?? parent.get(metric);

describe('docs/operating.md', () => {
  test('lists every metric with its labels, and none that is not there', () => {
    const rows = [
      ...read('docs/operating.md').matchAll(/^\| `((?:gatepost|authentik_outpost)_[a-z_]+)`([^|]*)\| ([^|]+) \|/gm),
    ];
    const listed = rows.map(([, name = '', , labels = '']) => [
      name,
      [...labels.matchAll(/`([a-z_]+)`/g)].map(([, label]) => label).sort(),
    ]);
    const shown = [...new Map([...parent, ...metrics])]
      .filter(
        ([name]) =>
          /^(?:gatepost|authentik_outpost)_/.test(name) && !(name.match(/_(bucket|sum|count)$/) && isPart(name)),
      )
      .map(([name, labels]) => [name, [...labels].filter((label) => label !== 'le').sort()]);
    expect(listed.sort()).toEqual(shown.sort());
  });

  const isPart = (name: string) => labelsOf(name.replace(/_(bucket|sum|count)$/, '')) !== undefined;

  test('every alert has a paragraph under its name, and every paragraph an alert', () => {
    const anchors = [...read('docs/operating.md').matchAll(/<a id="(Gatepost\w+)"><\/a>\*\*(\w+)\.\*\*/g)];
    const alerts = readAlerts();
    expect(anchors.map(([, id]) => id)).toEqual(alerts.map(({ alert }) => alert));
    for (const [, id, title] of anchors) expect(title).toBe(id);
    for (const { alert, annotations, labels } of alerts) {
      expect(annotations).toMatchObject({ runbook_url: `docs/operating.md#${alert}` });
      expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook_url', 'summary']);
      expect(['critical', 'warning']).toContain(labels.severity);
    }
  });
});

/** Whether all that an expression names is there. */
function expectKnown(expression: string): void {
  const selectors = selectorsOf(expression);
  expect(selectors, expression).not.toEqual([]);
  const labels = new Set(OF_PROMETHEUS);
  for (const { metric, matchers } of selectors) {
    if (metric === 'up') continue;
    const own = labelsOf(metric);
    expect(own, `${metric} in ${expression}`).toBeDefined();
    for (const label of own ?? []) labels.add(label);
    for (const { label, values } of matchers) {
      expect([...OF_PROMETHEUS, ...(own ?? [])], `${metric} has no ${label}`).toContain(label);
      if (OF_PROMETHEUS.includes(label)) continue;
      for (const value of values) expect(code, `${label}="${value}"`).toContain(`'${value}'`);
    }
  }
  for (const label of groupingsOf(expression)) expect([...labels], `by (${label}) in ${expression}`).toContain(label);
}

describe('every metric, label and value', () => {
  test.each(readAlerts())('that $alert asks for is there', ({ expr, annotations }) => {
    expectKnown(expr);
    const groupings = groupingsOf(expr);
    const kept = /\bsum\(/.test(expr) || groupings.length > 0 ? groupings : OF_PROMETHEUS;
    const used = Object.values(annotations).flatMap(templatesOf);
    expect([...kept]).toEqual(expect.arrayContaining(used));
  });

  test.each(readDashboard().targets)('that the panel "$title" asks for is there: $expr', ({ expr, legendFormat }) => {
    expectKnown(expr.replaceAll('$__rate_interval', '5m'));
    const groupings = groupingsOf(expr);
    const kept = groupings.length > 0 ? groupings : [...(labelsOf(selectorsOf(expr)[0]?.metric ?? '') ?? [])];
    expect(kept).toEqual(expect.arrayContaining(templatesOf(legendFormat)));
  });

  test('that a variable of the dashboard asks for is there', () => {
    const { variables } = readDashboard();
    expect(variables.map(({ name }) => name)).toEqual(['datasource', 'job', 'application']);
    for (const { definition } of variables) {
      if (definition === undefined) continue;
      const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? [];
      expectKnown(selector);
      expect([...OF_PROMETHEUS, ...(labelsOf(selectorsOf(selector)[0]?.metric ?? '') ?? [])]).toContain(label);
    }
  });
});

// Attack: each series takes memory of Gatepost and of Prometheus.
test('attack: what a client writes makes no series', async () => {
  const site = await startContract();
  try {
    const word = () => Math.random().toString(36).slice(2);
    const askAll = async () => {
      const host = `https://${word()}.example.org/${word()}`;
      for (const dialect of dialects) {
        await ask(
          site.port,
          dialect,
          `${host}?${word()}`,
          [['X-Request-Id', `id-${word()}-${word()}`]],
          word().toUpperCase(),
        );
        await ask(site.port, dialect, `${hostOf('grafana')}/${word()}`, [basic(word(), word()), from('203.0.113.7')]);
        await ask(site.port, dialect, `${word()}://${word()}`);
      }
      for (const page of ['start', 'callback', 'sign_out', word()])
        await send(site.port, `${OUTPOST}/${page}?code=${word()}&error=${word()}&rd=${word()}`, [['Host', word()]]);
      const text = await (await fetch(`http://127.0.0.1:${site.metrics}/metrics`)).text();
      return text.split('\n').filter((line) => line.startsWith('gatepost_')).length;
    };
    const first = await askAll();
    for (let rounds = 0; rounds < 5; rounds += 1) await askAll();
    expect(await askAll()).toBe(first);
  } finally {
    await site.close();
  }
});

test('a scrape holds no secret, user or address of a client', () => {
  for (const word of ['alice', 'client-secret', '203.0.113.7', 'wrong-']) expect(text).not.toContain(word);
});
