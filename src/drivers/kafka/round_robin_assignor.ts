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
    const readers = ids.filter((id) => members.get(id)?.topics?.includes(topic) === true);
    if (readers.length === 0) continue;
    for (let partition = 0; partition < partitionsCount; partition++) {
      // As librdkafka does it: the turn passes over those who do not read the topic.
      while (!readers.includes(ids[turn % ids.length])) turn++;
      const { assignments } = shares.get(ids[turn++ % ids.length])!;
      const share = assignments.get(topic) ?? { topic, partitions: [] };
      share.partitions.push(partition);
      assignments.set(topic, share);
    }
  }
  return [...shares.values()];
};
