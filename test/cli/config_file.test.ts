import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_FILES, findConfigFile, optionalConfigFile } from '../../src/cli/config_file.ts';
import { yaml } from '../config/example.ts';
import { gatepost } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-place-'));
const [here, machine] = [join(folder, 'gatepost.yaml'), join(folder, 'etc', 'gatepost.yaml')];
mkdirSync(join(folder, 'etc'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the configuration file', () => {
  it('is that of --config, else of $GATEPOST_CONFIG, also where it does not exist', () => {
    expect(findConfigFile('a.yaml', { GATEPOST_CONFIG: 'b.yaml' }, [here])).toBe('a.yaml');
    expect(findConfigFile(undefined, { GATEPOST_CONFIG: 'b.yaml' }, [here])).toBe('b.yaml');
  });

  it('is gatepost.yaml here, else that of the machine', () => {
    expect(DEFAULT_FILES).toEqual(['gatepost.yaml', '/etc/gatepost/gatepost.yaml']);
    writeFileSync(machine, '');
    expect(findConfigFile(undefined, { GATEPOST_CONFIG: '' }, [here, machine])).toBe(machine);
    writeFileSync(here, '');
    expect(findConfigFile(undefined, {}, [here, machine])).toBe(here);
  });

  it('that is nowhere is an error with all three places and gatepost init', () => {
    const find = () => findConfigFile(undefined, {}, ['none.yaml', '/none/none.yaml']);
    expect(find).toThrow(/\$GATEPOST_CONFIG.* none\.yaml in this folder nor \/none\/none\.yaml .*gatepost init/);
  });

  it('that is nowhere is none to a command that can do without one', () => {
    expect(optionalConfigFile(undefined, {}, ['none.yaml'])).toBeUndefined();
    expect(optionalConfigFile(undefined, {}, ['none.yaml', here])).toBe(here);
    expect(optionalConfigFile('a.yaml', {}, [here])).toBe('a.yaml');
  });

  it('is read by every command that takes --config', async () => {
    const file = join(folder, 'named.yaml');
    writeFileSync(file, yaml({}));
    for (const args of [['check'], ['explain', 'https://grafana.example.com/', '--user', 'alice']]) {
      expect((await gatepost(args, { GATEPOST_CONFIG: file })).code).toBe(0);
      const { code, errors } = await gatepost(args, { GATEPOST_CONFIG: join(folder, 'none.yaml') });
      expect({ code, errors }).toEqual({
        code: 2,
        errors: `${folder}/none.yaml: the configuration file does not exist`,
      });
    }
  });
});
