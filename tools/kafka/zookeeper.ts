// Brokers before version 3.3 keep their cluster's metadata in ZooKeeper, which is included in their jars.
import { setTimeout } from "node:timers/promises";
import { loadClient } from "../../src/drivers/kafka/client.ts";

const KNOWN_MS_MAX = 60_000;
const KNOWN_POLL_MS = 50;

/** The command line that starts ZooKeeper. */
export const ZOOKEEPER = {
  program: "org.apache.zookeeper.server.quorum.QuorumPeerMain",
  file: "zookeeper.properties",
  heap: "128m",
  /** How long a broker that was killed keeps its place: until then one that takes it ends at once. */
  sessionMs: 6000,
  /** How often it looks for brokers that have gone. */
  tickMs: 500,
  properties: (folder: string, port: number): Record<string, string> => ({
    "dataDir": `${folder}/data`,
    "clientPort": String(port),
    "clientPortAddress": "127.0.0.1",
    "maxClientCnxns": "0",
    "admin.enableServer": "false",
    "tickTime": String(ZOOKEEPER.tickMs),
  }),
};

/**
 * Waits until the brokers know each other: those with ZooKeeper take connections before, and refuse new topics then,
 * because there are 0 brokers.
 */
export async function allKnown(servers: string, count: number): Promise<void> {
  const { Admin } = await loadClient();
  const admin = new Admin({ clientId: "start", bootstrapBrokers: servers.split(","), retries: false });
  try {
    for (const deadline = Date.now() + KNOWN_MS_MAX;;) {
      const known = await admin.metadata({ topics: [], forceUpdate: true }).then(
        ({ brokers }) => brokers.size,
        () => 0,
      );
      if (known >= count) return;
      if (Date.now() > deadline) {
        throw new Error(`Kafka did not start: ${known} of ${count} brokers know each other`);
      }
      await setTimeout(KNOWN_POLL_MS);
    }
  } finally {
    await admin.close();
  }
}

/** Whether brokers of this version need it: their own quorum was a preview before 3.3. */
export function needsZooKeeper(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < 3 || (major === 3 && minor < 3);
}

/** The settings that make a broker a member of the cluster that this ZooKeeper stores. */
export function zooKeeperProperties(node: number, port: number, keeperPort: number): Record<string, string> {
  return {
    "broker.id": String(node),
    "zookeeper.connect": `127.0.0.1:${keeperPort}`,
    "zookeeper.session.timeout.ms": String(ZOOKEEPER.sessionMs),
    "listeners": `PLAINTEXT://127.0.0.1:${port}`,
  };
}
