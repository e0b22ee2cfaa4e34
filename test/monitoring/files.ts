/** The files of `monitoring/`, as the tests read them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8');

export interface Alert {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export function readAlerts(): Alert[] {
  const { groups } = load(read('monitoring/alerts.yml')) as { groups: { rules: Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

export interface Target {
  title: string;
  expr: string;
  legendFormat: string;
}

interface Panel {
  title: string;
  targets?: Omit<Target, 'title'>[];
}

export function readDashboard(): { targets: Target[]; variables: { name: string; definition?: string }[] } {
  const { panels, templating } = JSON.parse(read('monitoring/grafana-dashboard.json')) as {
    panels: Panel[];
    templating: { list: { name: string; definition?: string }[] };
  };
  const targets = panels.flatMap(({ title, targets = [] }) => targets.map((one) => ({ ...one, title })));
  return { targets, variables: templating.list };
}

/** An expression of the dashboard as Prometheus would get it. */
export const filledIn = (expr: string) =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', 'gatepost').replaceAll('$application', '.*');
