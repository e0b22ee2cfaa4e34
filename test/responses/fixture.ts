import type { RenderOptions } from '../../src/responses/response.ts';

export function renderOptions(options: Partial<RenderOptions> = {}): RenderOptions {
  const page = () => ({ headers: [], body: '' });
  return {
    outpost: 'gatepost',
    jwksUri: () => '',
    deniedPage: page,
    unknownHostPage: page,
    onRefusedHeader() {},
    onUnusableValue() {},
    now: () => 0,
    ...options,
  };
}
