/** The tests in projects, by what they need. A new file is a unit test unless a list below names it. */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** The whole server in this process: needs nothing but npm packages. */
const CONTRACT = ['test/{contract,fuzz}/**/*.test.ts', 'test/monitoring/metrics.test.ts'];
/** Starts `dist/cli/main.js` as a process. */
const COMMAND = [
  'test/cli/{process,workers,floods,reload,hangup,outpost,start_lines}.test.ts',
  'test/contract/{process,sessions_command}.test.ts',
  'test/observe/output.test.ts',
  'test/server/workers.test.ts',
];
/** Starts Redis, Sentinel and Cluster, mounts small file systems, or runs as several users. */
const STORES = [
  'test/stores/redis/{store,faults,flavours,session_ends}.test.ts',
  'test/stores/file/{faults,other_users,stopped}.test.ts',
  'test/doctor/store.test.ts',
  'test/contract/{replicas,after_sign_out}.test.ts',
];
/** Starts proxies, browsers and other programs. */
const PROXIES = [
  'test/{integration,clients,compose,demo,release,recipes,walk}/**/*.test.ts',
  'test/monitoring/rules.test.ts',
];
/** Starts real OpenID providers. */
const PROVIDERS = ['test/providers/**/*.test.ts'];
/** Starts etcd, a Kubernetes API server, Helm and Traefik. */
const KUBERNETES = ['test/kubernetes/**/*.test.ts'];
/** Starts two processes of the command over each store, and breaks them for a minute. */
const SOAK = ['test/soak/soak.test.ts'];
/** Compiles and loads what the documentation shows. */
const DOCS = ['test/docs/**/*.test.ts'];

/** With it, a test that looks for a program fails (test/support/tools.ts). */
const NPM_ONLY = { env: { NPM_ONLY: 'true' } };

/** A limit far above what a test takes hides one that hangs. */
const limits = (seconds: number) => ({ testTimeout: seconds * 1000, hookTimeout: seconds * 1000 });

/** Percent of the statements and branches of folders without I/O that the unit and contract tests run. Raise it; never lower it. */
const LEAST_COVERAGE = { auth: 93, access: 97, http: 97, decision: 98, credentials: 95 };

export default defineConfig({
  test: {
    coverage: {
      include: ['src/**'],
      reporter: ['text', 'html'],
      thresholds: Object.fromEntries(
        Object.entries(LEAST_COVERAGE).map(([folder, percent]) => [
          `src/${folder}/**`,
          { statements: percent, branches: percent },
        ]),
      ),
    },
    pool: 'threads',
    // The provider's package would rather have another Node, and warns of choices that are meant.
    onConsoleLog: (text) => !text.includes('oidc-provider WARNING'),
    // A process or a thread per file costs more than most files' tests.
    isolate: false,
    maxWorkers: Math.min(2, availableParallelism()),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...CONTRACT, ...COMMAND, ...STORES, ...PROXIES, ...PROVIDERS, ...KUBERNETES, ...SOAK, ...DOCS],
          ...NPM_ONLY,
          ...limits(5),
        },
      },
      {
        extends: true,
        test: {
          name: 'contract',
          include: CONTRACT,
          exclude: [...STORES, ...COMMAND],
          ...NPM_ONLY,
          ...limits(15),
        },
      },
      {
        extends: true,
        test: { name: 'command', include: COMMAND, globalSetup: 'test/support/build.ts', ...limits(30) },
      },
      { extends: true, test: { name: 'stores', include: STORES, ...limits(60) } },
      { extends: true, test: { name: 'proxies', include: PROXIES, ...limits(60) } },
      { extends: true, test: { name: 'providers', include: PROVIDERS, ...limits(60) } },
      {
        extends: true,
        test: {
          name: 'kubernetes',
          include: KUBERNETES,
          globalSetup: ['test/support/build.ts', 'test/kubernetes/cluster.ts'],
          ...limits(60),
        },
      },
      { extends: true, test: { name: 'soak', include: SOAK, globalSetup: 'test/support/build.ts', ...limits(60) } },
      { extends: true, test: { name: 'docs', include: DOCS, ...limits(60) } },
    ],
  },
});
