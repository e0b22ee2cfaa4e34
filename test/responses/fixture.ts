import type { RenderOptions } from '../../src/responses/response.ts';

export function renderOptions(options: Partial<RenderOptions> = {}): RenderOptions {
  return {
    outpost: 'gatepost',
    jwksUri: () => '',
    site: { language: 'auto' },
    onRefusedHeader() {},
    onUnusableValue() {},
    now: () => 0,
    ...options,
  };
}
