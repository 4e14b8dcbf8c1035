// The settings with which the tests' brokers are started.

/** Settings of a broker's log; FILE is replaced by its path. */
export const LOG_SETTINGS = `
appender.file.type = File
appender.file.name = file
appender.file.fileName = FILE
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d %p %m%n
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
`;

/** Settings for few brokers with little to do. */
export function factors(brokers: number): Record<string, string> {
  const replicas = String(Math.min(brokers, 3));
  return {
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    "log.cleaner.dedupe.buffer.size": "2097152",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "controlled.shutdown.enable": "false",
    // A restarted broker is accepted once its predecessor's session has expired.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "400",
  };
}

/** A node that is both broker and controller; from version 4 on there is no ZooKeeper. */
export function quorumProperties(
  node: number,
  port: number,
  control: number,
  voters: string,
): Record<string, string> {
  return {
    "process.roles": "broker,controller",
    "node.id": String(node),
    "controller.quorum.voters": voters,
    "listeners": `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${control}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
  };
}

/** Settings as the lines of a properties file. */
export function lines(properties: Record<string, string>): string {
  return Object.entries(properties).map(([key, value]) => `${key}=${value}\n`).join("");
}
