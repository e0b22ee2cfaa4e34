/** How outpost mode does, as authentik's own outposts show it: for the process that asks authentik. */
import { Gauge, type Registry } from 'prom-client';
import { version as ownVersion, releaseOf } from '../version.ts';

/** What this outpost is to authentik, for as long as the process lives. */
export interface OutpostFacts {
  /** The name of this instance on authentik's page. */
  uuid: string;
  /** By default this Gatepost's own, as `N.N.N`. */
  version?: string;
}

/** What authentik hears of this process beside the version (outpost/hello.ts). */
const TYPE = 'proxy';
const BUILD = 'gatepost';

export interface OutpostMetrics {
  /**
   * A configuration of authentik is in force.
   * @param refresh `at`: milliseconds since the epoch, of the last good refresh; that of a kept configuration is older
   */
  refreshed(refresh: { outpostName: string; at: number }): void;
  /** Whether authentik hears this instance and is heard. */
  connection(isUp: boolean): void;
}

const OF_INSTANCE = ['outpost_name', 'outpost_type', 'uuid'] as const;
const OF_BUILD = [...OF_INSTANCE, 'version', 'build'] as const;

/** Until the first `refreshed` the name is empty, and nothing but the connection is shown. */
export function createOutpostMetrics(
  registry: Registry,
  { uuid, version = releaseOf(ownVersion) }: OutpostFacts,
): OutpostMetrics {
  const registers = [registry];
  // Of all processes this one alone has them.
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge<Label>({ name, help, labelNames, aggregator: 'first', registers });
  const info = gauge('authentik_outpost_info', 'The outpost that authentik takes this Gatepost for', OF_BUILD);
  const lastUpdate = gauge(
    'authentik_outpost_last_update',
    'When the configuration was read from authentik last, in seconds since the epoch',
    OF_BUILD,
  );
  const connected = gauge(
    'authentik_outpost_connection',
    'Whether the websocket to authentik is connected (1 or 0)',
    OF_INSTANCE,
  );
  let name = '';
  let isConnected = false;

  function showConnection(): void {
    connected.set({ outpost_name: name, outpost_type: TYPE, uuid }, isConnected ? 1 : 0);
  }

  showConnection();
  return {
    refreshed({ outpostName, at }) {
      // A series of the name before would go on for ever beside the new one.
      if (outpostName !== name) for (const one of [info, lastUpdate, connected]) one.reset();
      name = outpostName;
      const labels = { outpost_name: name, outpost_type: TYPE, uuid, version, build: BUILD };
      info.set(labels, 1);
      lastUpdate.set(labels, at / 1000);
      showConnection();
    },
    connection(isUp) {
      isConnected = isUp;
      showConnection();
    },
  };
}
