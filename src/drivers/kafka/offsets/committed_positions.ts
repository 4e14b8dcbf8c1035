import { BrokerError, TopicDeletedError } from "../../../errors.ts";
import type { Admin } from "../client.ts";
import type { BrokerAddress, BrokerRequest, Parse, Substitute } from "../client/client_internals.ts";
import type { Cluster } from "../client/cluster.ts";
import { isClosedSilently, isUnknownTopic } from "../client/failure.ts";
import { isTopicDeleted } from "../client/metadata.ts";

/**
 * From this version on, a topic has its id where it had its name: positions in an earlier topic of that name, which a
 * coordinator keeps that was down when that one was deleted, are left out.
 */
const WITH_IDS = 10;
/** Open transactions are not waited for, and nothing is tagged. */
const END_OF_REQUEST = Uint8Array.of(0, 0);

/** Of which topic, and which of its partitions. */
export interface PositionsWanted {
  name: string;
  kafkaName: string;
  /** Without an id any topic of that name is meant. */
  id?: string | undefined;
  partitions: readonly number[];
}

/** A position as it is stored. */
export interface StoredPosition {
  position: number;
  /** That of the leader that stored the event before it; -1 if it was not committed. */
  epoch: number;
}

/** What a coordinator answers about one group. */
interface AnsweredGroup {
  groupId: string;
  topics: { partitions: AnsweredPartition[] }[];
}

interface AnsweredPartition {
  partitionIndex: number;
  committedOffset: bigint;
  committedLeaderEpoch?: number;
}

/** The committed positions of groups in a topic, by group and partition; omits partitions without one. */
export async function committedPositions(
  cluster: Cluster,
  admin: Admin,
  groups: readonly string[],
  wanted: PositionsWanted,
): Promise<Map<string, Map<number, StoredPosition>>> {
  const { kafkaName, id, partitions } = wanted;
  let answers: AnsweredGroup[] | undefined;
  if (id !== undefined && await cluster.newestVersion("OffsetFetch") >= WITH_IDS) {
    answers = await fetchById(cluster, admin, groups, { ...wanted, id });
  }
  const topics = [{ name: kafkaName, partitionIndexes: [...partitions] }];
  answers ??= await admin.listConsumerGroupOffsets({
    groups: groups.map((groupId) => ({ groupId, topics })),
  });
  return new Map(answers.map(({ groupId, topics }) => [groupId, positionsIn(topics)]));
}

/** Returns undefined if a coordinator is older than the broker that was asked what it knows. */
async function fetchById(
  cluster: Cluster,
  admin: Admin,
  groups: readonly string[],
  wanted: PositionsWanted & { id: string },
): Promise<AnsweredGroup[] | undefined> {
  const { name, kafkaName } = wanted;
  const keyType = cluster.module.FindCoordinatorKeyTypes.GROUP;
  const coordinators = await admin.findCoordinator({ keyType, keys: [...groups] });
  try {
    const asked = [...new Set(coordinators.map(({ nodeId }) => nodeId))].map(async (node) => {
      const own = coordinators.filter(({ nodeId }) => nodeId === node);
      const request = requestById(cluster, own.map(({ key }) => key), wanted);
      try {
        return (await cluster.requestAdmin<{ groups: AnsweredGroup[] }>(own[0]!, request)).groups;
      } catch (error) {
        // It closes the connection then, which has other reasons too.
        if (isClosedSilently(error) && !await knowsIds(cluster, own[0]!)) return undefined;
        throw error;
      }
    });
    const answers = (await Promise.all(asked)).filter((groups) => groups !== undefined);
    return answers.length === asked.length ? answers.flat() : undefined;
  } catch (error) {
    if (!isUnknownTopic(error)) throw error;
    if (await isTopicDeleted(cluster, wanted)) throw new TopicDeletedError(name);
    const { servers } = cluster;
    throw new BrokerError(
      servers,
      `Cannot read positions: the coordinator does not know topic "${kafkaName}" yet`,
      {
        cause: error,
        canRetry: true,
      },
    );
  }
}

/** Whether a broker itself says so. */
async function knowsIds(cluster: Cluster, broker: BrokerAddress): Promise<boolean> {
  const { apiKeys } = await cluster.requestAdmin<{ apiKeys: { name: string; maxVersion: number }[] }>(
    broker,
    { name: "ApiVersions", parameters: ["", ""], instead: askedOfAll(cluster) },
  );
  return apiKeys.some(({ name, maxVersion }) => name === "OffsetFetch" && maxVersion >= WITH_IDS);
}

/** The question what a broker knows, in a version that all brokers know. */
function askedOfAll({ module: { Writer } }: Cluster): Substitute {
  const payload = () => Writer.create().appendString("diaspora-stream").appendString("1");
  return { version: 3, payload, rest: () => Uint8Array.of(0) };
}

function requestById(
  { module: { Writer, ResponseError } }: Cluster,
  groups: readonly string[],
  { id, partitions }: PositionsWanted & { id: string },
): BrokerRequest {
  const payload = () =>
    Writer.create().appendArray([...groups], (writer, group) => {
      // Not as a member.
      writer.appendString(group).appendString(null).appendInt32(-1).appendArray([id], (writer, id) => {
        writer.appendUUID(id)
          .appendArray([...partitions], (writer, partition) => writer.appendInt32(partition), true, false);
      });
    });
  const parse: Parse = (_, key, version, reader) => {
    const errors: Record<string, [number, null]> = {};
    const note = (path: string, code: number): void => {
      if (code !== 0) errors[path] = [code, null];
    };
    reader.readInt32();
    const answered = reader.readArray((reader, group): AnsweredGroup => {
      const groupId = reader.readString();
      const topics = reader.readArray((reader, topic) => {
        reader.readUUID();
        const partitions = reader.readArray((reader, partition): AnsweredPartition => {
          const partitionIndex = reader.readInt32();
          const committedOffset = reader.readInt64();
          const committedLeaderEpoch = reader.readInt32();
          reader.readNullableString();
          note(`/groups/${group}/topics/${topic}/partitions/${partition}`, reader.readInt16());
          return { partitionIndex, committedOffset, committedLeaderEpoch };
        });
        return { partitions };
      });
      note(`/groups/${group}`, reader.readInt16());
      return { groupId, topics };
    });
    const answer = { groups: answered };
    if (Object.keys(errors).length > 0) throw new ResponseError(key, version, errors, answer);
    return answer;
  };
  const instead = { version: WITH_IDS, payload, rest: () => END_OF_REQUEST, parse: () => parse };
  const asked = groups.map((groupId) => ({ groupId, memberId: null, memberEpoch: -1, topics: [] }));
  return { name: "OffsetFetch", parameters: [asked, false], instead };
}

function positionsIn(topics: AnsweredGroup["topics"]): Map<number, StoredPosition> {
  const partitions = topics.flatMap(({ partitions }) => partitions);
  return new Map(
    partitions.filter(({ committedOffset }) => committedOffset >= 0n)
      .map(({ partitionIndex, committedOffset, committedLeaderEpoch: epoch = -1 }) => [
        partitionIndex,
        { position: Number(committedOffset), epoch },
      ]),
  );
}
