import type { GroupPartitionsAssigner } from "@platformatic/kafka";

/**
 * Shares partitions out by turns, each topic among those who subscribed to it: members of one name may read
 * different topics, which the client's own way leaves without partitions.
 */
export const roundRobinAssignor: GroupPartitionsAssigner = (_current, members, _topics, metadata) => {
  const ids = [...members.keys()].sort();
  const shares = new Map(ids.map((memberId) => [memberId, { memberId, assignments: new Map() }]));
  let turn = 0;
  for (
    const [topic, { partitionsCount }] of [...metadata.topics].sort(([one], [other]) => one < other ? -1 : 1)
  ) {
    const reads = (id: string) => members.get(id)?.topics?.includes(topic) === true;
    if (!ids.some(reads)) continue;
    for (let partition = 0; partition < partitionsCount;) {
      const id = ids[turn++ % ids.length]!;
      // As librdkafka does it: the turn passes over those who do not read the topic.
      if (!reads(id)) continue;
      const { assignments } = shares.get(id)!;
      const share = assignments.get(topic) ?? { topic, partitions: [] };
      share.partitions.push(partition++);
      assignments.set(topic, share);
    }
  }
  return [...shares.values()];
};
