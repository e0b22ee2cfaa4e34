/** Prometheus' own tool reads the rules and evaluates them, and reads the expressions of the dashboard. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { needTool } from '../support/tools.ts';
import { filledIn, read, readAlerts, readDashboard, root } from './files.ts';

const promtool = needTool('promtool');

function run(...parameters: string[]): string {
  try {
    return execFileSync(promtool ?? '', parameters, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${stdout}\n${stderr}`);
  }
}

describe.skipIf(!promtool)('promtool', () => {
  test('takes the alert rules', () => {
    expect(run('check', 'rules', 'monitoring/alerts.yml')).toContain(`SUCCESS: ${readAlerts().length} rules found`);
  });

  test('each alert fires for what it is for, and not in normal use', () => {
    expect(run('test', 'rules', 'test/monitoring/alerts.yml')).toContain('SUCCESS');
    const cases = read('test/monitoring/alerts.yml');
    const [fire, stay] = [/alertname: (\w+)\n {8}exp_alerts:\n/g, /alertname: (\w+)\n {8}exp_alerts: \[\]/g].map(
      (pattern) => new Set([...cases.matchAll(pattern)].map(([, name]) => name)),
    );
    for (const { alert } of readAlerts()) {
      expect([...(fire ?? [])]).toContain(alert);
      expect([...(stay ?? [])]).toContain(alert);
    }
  });

  test('takes every expression of the dashboard', () => {
    const { targets } = readDashboard();
    const rules = targets.map(({ expr }, at) => ({ record: `panel:target:${at}`, expr: filledIn(expr) }));
    const folder = mkdtempSync(join(tmpdir(), 'gatepost-dashboard-'));
    try {
      const file = join(folder, 'dashboard.yml');
      // JSON is YAML.
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
      expect(run('check', 'rules', file)).toContain(`SUCCESS: ${targets.length} rules found`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
