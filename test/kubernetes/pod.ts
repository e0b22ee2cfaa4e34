/**
 * Runs the container of a pod template as a kubelet would start it: its command, arguments and environment, its user without
 * capabilities, its ConfigMap where it is mounted, and a root file system that cannot be written. Needs root on Linux.
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProgram } from '../integration/program.ts';
import { type Fields, isFields } from '../integration/static_envoy.ts';
import { part } from './files.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * What a kubelet does before it starts a container, in a mount namespace of its own. Only the volume stays writable. Project and
 * Node are where every user can read them.
 */
const PREPARE = `
folder=$1 user=$2 group=$3 config=$4 data=$5 node=$6; shift 6
mount -t tmpfs tmpfs /mnt
mkdir /mnt/app /mnt/bin
mount --bind . /mnt/app
touch /mnt/bin/node
mount --bind "$node" /mnt/bin/node
mount --bind "$folder/volume" "$folder/volume"
if [ -n "$config" ]; then
  cp -a /etc /mnt/etc
  mkdir -p "/mnt$config"
  cp -R "$folder/config/." "/mnt$config/"
  mount --bind /mnt/etc /etc
fi
if [ -n "$data" ]; then
  mkdir -p "/mnt$data"
  mount --bind "$(dirname "/mnt$data")" "$(dirname "$data")"
  mount --bind "$folder/volume" "$data"
fi
for place in / /mnt /mnt/app; do mount -o remount,bind,ro "$place"; done
cd /mnt/app
export PATH="/mnt/bin:$PATH"
exec setpriv --reuid "$user" --regid "$group" --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs -- "$@"
`;

/** Why pods cannot be run here, or nothing. */
export function whyNoPods(): string | undefined {
  if (process.platform === 'linux' && process.geteuid?.() === 0) return undefined;
  if (process.env.CI === 'true') throw new Error('this test must be able to mount on CI');
  return 'only root on Linux can give a pod its own mounts';
}

export interface PodOptions {
  /** The pod template. */
  pod: Fields;
  /** Files of the ConfigMap that is mounted, by name. */
  config?: Record<string, string>;
  /** What the Secrets have. */
  secret: Record<string, string>;
  /** The image's entry point and environment. */
  image?: Image;
  port: number;
  /** Changes texts of the command: what is fixed in an image, and of which several can't be on one machine. */
  replace?: (text: string, volume: string) => string;
}

/** What Dockerfile gives to a container. */
export interface Image {
  entryPoint: string[];
  /** Where the pod has no arguments of its own. */
  command: string[];
  env: Record<string, string>;
  /** `1000:1000`, where the pod names no user. */
  user: string;
}

/** The working folder is /app there; here it is that of the project. */
export function imageOf(dockerfile: string): Image {
  const lastStage = dockerfile.split(/^(?=FROM )/m).at(-1) ?? '';
  const listOf = (instruction: string) => {
    const [, text = ''] = new RegExp(`^${instruction} (\\[.+)$`, 'm').exec(lastStage) ?? [];
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) throw new Error(`Dockerfile has no ${instruction}`);
    return list.map(String);
  };
  const [, user = ''] = /^USER (.+)$/m.exec(lastStage) ?? [];
  return { entryPoint: listOf('ENTRYPOINT'), command: listOf('CMD'), env: { NODE_ENV: 'production' }, user };
}

const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);

export async function startPod({ pod, config, secret, image, port, replace = (text) => text }: PodOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'gatepost-pod-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const spec = part(pod, 'spec');
  const [imageUser, imageGroup] = image?.user.split(':') ?? [];
  const { runAsUser = imageUser, runAsGroup = imageGroup } = part(spec, 'securityContext');
  const container = part(spec, 'containers', 0);
  for (const name of ['config', 'volume']) mkdirSync(join(folder, name));
  for (const [name, text] of Object.entries(config ?? {})) writeFileSync(join(folder, 'config', name), text);
  chmodSync(folder, 0o755);
  const volume = join(folder, 'volume');
  // As a kubelet leaves a volume with fsGroup.
  chownSync(volume, 0, Number(runAsGroup));
  chmodSync(volume, 0o2775);
  const mounts = Array.isArray(container.volumeMounts) ? container.volumeMounts.filter(isFields) : [];
  const target = (volume: string) => mounts.find(({ name }) => name === volume)?.mountPath ?? '';
  const { entryPoint, command: whole, env } = image ?? { entryPoint: [], command: [], env: {} };
  const others = container.command || container.args ? texts(container.args) : whole;
  const command = [...(container.command ? texts(container.command) : entryPoint), ...others];
  const parameters = [
    folder,
    runAsUser,
    runAsGroup,
    target('config'),
    target('sessions'),
    process.execPath,
    ...command.map((text) => replace(text, volume)),
  ];
  const given = { PATH: process.env.PATH ?? '', ...env, ...secret };
  const running = await startProgram(
    'unshare',
    [
      '--mount',
      '--propagation=private',
      'env',
      '-i',
      ...Object.entries(given).map((pair) => pair.join('=')),
      'sh',
      '-euc',
      PREPARE,
      'sh',
      ...parameters.map(String),
    ],
    { port, directory: root },
  ).catch((error: unknown) => {
    remove();
    throw error;
  });
  return {
    ...running,
    volume,
    async stop() {
      await running.stop();
      remove();
    },
  };
}
