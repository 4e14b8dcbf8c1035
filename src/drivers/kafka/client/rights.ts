/** The rights on the topic and the group that an operation of several requests needs. */
export interface Needs {
  topic: string;
  group: string;
}

/** The operation that has to be granted, by request; those of the second column concern the group. */
const OPERATIONS: Record<string, string | [topic: string, group: string]> = {
  Produce: "Write",
  // Without it the broker asks for a right on the cluster.
  InitProducerId: "Write",
  Fetch: "Read",
  Metadata: "Describe",
  ListOffsets: "Describe",
  OffsetForLeaderEpoch: "Describe",
  CreateTopics: "Create",
  DeleteTopics: "Delete",
  DeleteRecords: "Delete",
  DescribeConfigs: "DescribeConfigs",
  IncrementalAlterConfigs: "AlterConfigs",
  OffsetCommit: ["Read", "Read"],
  OffsetFetch: ["Describe", "Describe"],
  OffsetDelete: ["Read", "Delete"],
  FindCoordinator: ["Describe", "Describe"],
  DescribeGroups: ["Describe", "Describe"],
};

/** The right that is missing, if that is why the broker refuses; every other request of members needs the same one. */
export function missingRight(
  apiId: string,
  request: string | undefined,
  needs: Needs | undefined,
): string | undefined {
  if (!apiId.endsWith("AUTHORIZATION_FAILED")) return undefined;
  const [ofTopic, ofGroup = "Read"] = [OPERATIONS[request ?? ""] ?? "Read"].flat();
  const isOfGroup = apiId === "GROUP_AUTHORIZATION_FAILED";
  const refused = isOfGroup ? ofGroup : ofTopic;
  const [here, there] = isOfGroup ? ["group", "topic"] as const : ["topic", "group"] as const;
  if (needs === undefined) return `"${refused}" on the ${here}`;
  const missing = refused === needs[here] ? refused : `${refused}" and "${needs[here]}`;
  return `"${missing}" on the ${here}; "${needs[there]}" on the ${there} is needed, too`;
}
