/** The metrics and labels that a PromQL expression names; enough of the language for the dashboard and the rules. */

export interface Named {
  metric: string;
  /** Of its matchers, with the values that must be words: `a|b` are two. */
  matchers: { label: string; values: string[] }[];
}

/** Metrics with their matchers. */
export function selectorsOf(expression: string): Named[] {
  const selectors = [
    ...expression.matchAll(/\b((?:gatepost|authentik_outpost|process|nodejs)_[a-z_]+|up)\b(?:\{([^}]*)\})?/g),
  ];
  return selectors.map(([, metric = '', inside = '']) => ({
    metric,
    matchers: [...inside.matchAll(/([a-z_]+)(=~|!~|!=|=)"([^"]*)"/g)].map(([, label = '', , value = '']) => ({
      label,
      values: value.split('|').filter((word) => /^[a-z_]+$/.test(word)),
    })),
  }));
}

/** Labels behind `by`. */
export function groupingsOf(expression: string): string[] {
  return [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/, */));
}

/** Labels of `{{ $labels.x }}` in an annotation, and of `{{x}}` in a legend. */
export function templatesOf(text: string): string[] {
  return [...text.matchAll(/\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}/g)].map(([, label = '']) => label);
}
