import type { PartitionDescription, TrimRequest, TrimResult } from "../../../contract.ts";
import { positionsOfAll } from "./all_positions.ts";
import type { Cluster } from "../client/cluster.ts";
import type { PositionsWanted } from "../offsets/committed_positions.ts";
import { bytesOf } from "./describe.ts";
import type { Offsets } from "../offsets/offsets.ts";

/** The conditions of a trim request, resolved for one partition. */
interface TrimFacts {
  description: PartitionDescription;
  /** Every named consumer has acknowledged all events below this id; undefined if none has acknowledged any. */
  acknowledgedId: number | undefined;
  /** The first event at or after the requested time; undefined if there is none. */
  sinceId: number | undefined;
}

/** The first id that remains. */
export function firstIdAfter(
  request: TrimRequest,
  { description, acknowledgedId, sinceId }: TrimFacts,
): number {
  const { firstId, nextId, bytes } = description;
  const wanted = [request.beforeId, acknowledgedId, sinceId];
  if (request.maxBytes !== undefined && bytes > request.maxBytes) {
    wanted.push(firstId + Math.ceil((nextId - firstId) * (bytes - request.maxBytes) / bytes));
  }
  return Math.min(nextId, Math.max(firstId, ...wanted.map((id) => id ?? 0)));
}

/** Removes the events that match the request. */
export async function trimPartitions(
  cluster: Cluster,
  offsets: Offsets,
  { topic, partitions, request }: {
    /** With all of its partitions. */
    topic: PositionsWanted;
    partitions: readonly PartitionDescription[];
    request: TrimRequest;
  },
): Promise<TrimResult[]> {
  const numbers = partitions.map(({ partition }) => partition);
  const acknowledged = request.acknowledged === true ? await positionsOfEach(cluster, topic) : [];
  const since = request.beforeTime === undefined
    ? undefined
    : await offsets.since(numbers, Number(request.beforeTime));
  const results = partitions.map((description): TrimResult => {
    const { partition, firstId: firstIdBefore, nextId } = description;
    const sinceOffset = since?.get(partition)?.offset;
    const firstId = firstIdAfter(request, {
      description,
      acknowledgedId: acknowledged.length === 0
        ? undefined
        : Math.min(...acknowledged.map((positions) => positions.get(partition) ?? 0)),
      sinceId: sinceOffset === undefined ? undefined : sinceOffset < 0 ? nextId : sinceOffset,
    });
    return { partition, firstIdBefore, firstId, bytes: bytesOf(description, firstId - firstIdBefore) };
  });
  const removed = results.filter(({ firstId, firstIdBefore }) => firstId > firstIdBefore);
  if (request.dryRun === true || removed.length === 0) return results;
  const { kafkaName } = topic;
  await cluster.run(`trim topic "${kafkaName}"`, (admin) =>
    admin.deleteRecords({
      topics: [{
        name: kafkaName,
        partitions: removed.map(({ partition, firstId }) => ({ partition, offset: BigInt(firstId) })),
      }],
    }));
  return results;
}

/** Throws if there may be a group whose positions are unknown: it may need what would be removed. */
async function positionsOfEach(cluster: Cluster, wanted: PositionsWanted): Promise<Map<number, number>[]> {
  const { known, refused, silent, unnamed } = await positionsOfAll(cluster, wanted);
  for (const error of [...refused.values(), ...silent.values()]) throw error;
  if (unnamed !== undefined) throw unnamed;
  return [...known.values()];
}
