/** The steps of a release that run anywhere: versions that agree, the changelog's section, the bill of materials, the commands. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { checkRelease, releaseNotes, setVersion } from '../../scripts/release.ts';
import { needTool } from '../support/tools.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'gatepost-release-'));
const folder = pathToFileURL(`${copy}/`);
const FILES = [
  'package.json',
  'package-lock.json',
  'kubernetes/chart/Chart.yaml',
  'kubernetes/gatepost/deployment.yaml',
];

beforeEach(() => {
  mkdirSync(join(copy, 'kubernetes'), { recursive: true });
  for (const file of FILES) cpSync(join(root, file), join(copy, file));
  writeFileSync(
    join(copy, 'CHANGELOG.md'),
    '# Changelog\n\n## [Unreleased]\n\n## [9.8.7] - 2030-01-02\n\n### Added\n\n- A thing.\n\n## [9.8.6]\n\n- Old.\n',
  );
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const own: { name: string; version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

test('every file of the project has the same version', () => {
  expect(checkRelease(pathToFileURL(root), `v${own.version}`).filter((one) => !one.startsWith('CHANGELOG'))).toEqual(
    [],
  );
});

test('one command writes a version everywhere; then only a tag of this version passes', () => {
  expect(checkRelease(folder, 'v9.8.7')).toHaveLength(7);
  setVersion(folder, '9.8.7');
  expect(checkRelease(folder, 'v9.8.7')).toEqual([]);
  expect(checkRelease(folder, 'v9.8.6')).toHaveLength(7);
  expect(JSON.parse(readFileSync(join(copy, 'package-lock.json'), 'utf8')).packages[''].version).toBe('9.8.7');
});

test('a release without a section in the changelog does not pass, and its notes are that section alone', () => {
  setVersion(folder, '9.8.8');
  expect(checkRelease(folder, 'v9.8.8')).toEqual(['CHANGELOG.md has no section [9.8.8]']);
  expect(releaseNotes(folder, 'v9.8.7')).toBe('### Added\n\n- A thing.');
});

test.each(['v1', 'latest', 'v1.2.3; rm -rf /', 'v01.2.3'])('%s is no version', (tag) => {
  expect(() => checkRelease(folder, tag)).toThrow('is no version');
});

test('the bill of materials names what users install, and nothing that only developers need', () => {
  const said = execFileSync('npm', ['run', '--silent', 'sbom'], { cwd: root, encoding: 'utf8' });
  const { bomFormat, components }: { bomFormat: string; components: { name: string }[] } = JSON.parse(said);
  expect(bomFormat).toBe('CycloneDX');
  const names = components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['koa', 'openid-client', 'lmdb', 'zod']));
  expect(names).not.toContain('vitest');
});

test.each([
  ['v1.3.0', ['--tag registry.example/gatepost:1.3.0', '--tag registry.example/gatepost:latest']],
  ['v1.3.0-rc.1', ['--tag registry.example/gatepost:1.3.0-rc.1']],
])('the image of %s is built for both architectures under its tags', (tag, tags) => {
  const said = execFileSync(join(root, 'scripts/push-image.sh'), ['registry.example/gatepost', tag], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, DRY_RUN: '1' },
  });
  expect(said).toContain('--platform linux/amd64,linux/arm64 --provenance=mode=max --sbom=true --push');
  expect(said.match(/--tag \S+/g)).toEqual(tags);
});

const helm = needTool('helm');
test.runIf(helm)('the chart is packed under its version', () => {
  const said = execFileSync(join(root, 'scripts/push-chart.sh'), ['registry.example/charts'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, DRY_RUN: '1', HELM_BINARY: helm },
  });
  expect(said).toMatch(new RegExp(`push \\S+/gatepost-${own.version}\\.tgz oci://registry\\.example/charts`));
});

const actionlint = needTool('actionlint');
test.runIf(actionlint)('the workflows are valid', () => {
  const workflows = join(root, '.github/workflows');
  const { status, stdout } = spawnSync(
    actionlint!,
    ['-color=false', `${workflows}/ci.yml`, `${workflows}/release.yml`],
    {
      encoding: 'utf8',
    },
  );
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test('every action is pinned by its commit', () => {
  const files = ['ci.yml', 'release.yml'].map((file) => readFileSync(join(root, '.github/workflows', file), 'utf8'));
  const used = files.flatMap((text) => [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action!));
  expect(used.length).toBeGreaterThan(5);
  expect(used.filter((action) => !/@[0-9a-f]{40}$|^\.\//.test(action))).toEqual([]);
});

const systemd = needTool('systemd-analyze');
test.runIf(systemd)('the systemd unit is valid, and confined as far as a Node program can be', () => {
  const unit = join(root, 'systemd/gatepost.service');
  const verified = spawnSync(systemd!, ['verify', unit], { encoding: 'utf8' });
  expect(verified.stderr).not.toContain('gatepost.service:');
  const said = execFileSync(systemd!, ['security', '--offline=true', '--no-pager', unit], { encoding: 'utf8' });
  const exposure = Number(/exposure level for gatepost\.service: ([\d.]+)/.exec(said)?.[1]);
  // systemd's scale of 0 to 10; an ordinary unit has 9.6.
  expect(exposure).toBeLessThan(2);
});
