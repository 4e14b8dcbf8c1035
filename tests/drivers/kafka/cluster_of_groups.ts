import { ResponseError } from "@platformatic/kafka";
import { Cluster } from "../../../src/drivers/kafka/client/cluster.ts";
import { failureOf } from "../../../src/drivers/kafka/client/failure.ts";

const OFFSET_FETCH = 9;
/** The port of all brokers. */
const PORT = 9092;
const DESTINATION = { servers: "a:1", identity: 'as "app" by PLAIN' };
/** The right to describe the cluster. */
const DESCRIBE = 1 << 8;

/** How a cluster of groups behaves. */
export interface GroupsBehaviour {
  /** The groups by the host of the broker that coordinates them; undefined if it answers nothing. */
  groups: Readonly<Record<string, readonly string[] | undefined>>;
  /** The error code of each group whose positions are refused. */
  refused?: Readonly<Record<string, number>>;
  /** The types of groups that are not of the classic protocol. */
  types?: Readonly<Record<string, string>>;
  /** What the user may do with the cluster, as the brokers tell it: a bit for each operation. */
  allowed?: number;
}

/** What is asked for. */
export const TOPIC = { name: "t", kafkaName: "t", partitions: [0] };

/** A cluster in which each group has position 7 in partition 0 of topic "t". */
export function clusterOfGroups(
  { groups, refused = {}, types = {}, allowed = DESCRIBE }: GroupsBehaviour,
): Cluster {
  const admin = {
    metadata: () => {
      const brokers = Object.keys(groups).map((host, index) => [index, { host, port: PORT }] as const);
      return Promise.resolve({ brokers: new Map(brokers) });
    },
    listConsumerGroupOffsets({ groups: given }: { groups: { groupId: string }[] }) {
      const asked = given.map(({ groupId }) => groupId);
      const faults = asked.flatMap((group, index): [string, [number, null]][] =>
        group in refused ? [[`/groups/${index}`, [refused[group], null]]] : []
      );
      if (faults.length > 0) {
        return Promise.reject(new ResponseError(OFFSET_FETCH, 1, Object.fromEntries(faults), undefined));
      }
      const topics = [{ name: "t", partitions: [{ partitionIndex: 0, committedOffset: 7n }] }];
      return Promise.resolve(asked.map((groupId) => ({ groupId, topics })));
    },
  };
  const run = async (what: string, work: (client: unknown) => Promise<unknown>) => {
    try {
      return await work(admin);
    } catch (error) {
      throw failure(error, what);
    }
  };
  const failure = (error: unknown, what: string) => failureOf(error, what, DESTINATION, 0);
  return {
    run,
    ask: run,
    failure,
    servers: DESTINATION.servers,
    settings: { identity: { description: DESTINATION.identity } },
    requestAdmin: ({ host }: { host: string }, { name }: { name: string }) => {
      if (groups[host] === undefined) return new Promise(() => {});
      if (name === "DescribeCluster") return Promise.resolve({ clusterAuthorizedOperations: allowed });
      const listed = groups[host].map((groupId) => ({ groupId, groupType: types[groupId] ?? "classic" }));
      return Promise.resolve({ groups: listed });
    },
    // Long enough for whatever answers, without waiting for what does not.
    within: (_: number, awaited: Promise<unknown>) => Cluster.prototype.within.call(undefined, 20, awaited),
  } as unknown as Cluster;
}
