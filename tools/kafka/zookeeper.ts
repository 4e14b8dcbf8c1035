// Brokers before version 3.3 keep the metadata of their cluster in ZooKeeper, which comes with their jars.

/** What ZooKeeper is started with. */
export const ZOOKEEPER = {
  program: "org.apache.zookeeper.server.quorum.QuorumPeerMain",
  file: "zookeeper.properties",
  heap: "128m",
  properties: (folder: string, port: number): Record<string, string> => ({
    "dataDir": `${folder}/data`,
    "clientPort": String(port),
    "clientPortAddress": "127.0.0.1",
    "maxClientCnxns": "0",
    "admin.enableServer": "false",
  }),
};

/** Whether brokers of this version cannot do without: their own quorum was a preview until 3.3. */
export function needsZooKeeper(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < 3 || (major === 3 && minor < 3);
}

/** What makes a broker one of the cluster that this ZooKeeper keeps. */
export function zooKeeperProperties(node: number, port: number, keeperPort: number): Record<string, string> {
  return {
    "broker.id": String(node),
    "zookeeper.connect": `127.0.0.1:${keeperPort}`,
    "listeners": `PLAINTEXT://127.0.0.1:${port}`,
  };
}
