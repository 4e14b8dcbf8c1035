import { Buffer } from "node:buffer";
import type { ComponentDocument, TopicDefinition } from "../../../contract.ts";
import { withCppDraft } from "../../../contract/cpp_draft.ts";
import type { Cluster } from "../client/cluster.ts";
import type { FetchedRecord } from "../format/fetched.ts";
import { findTopic } from "../client/metadata.ts";
import { PartitionDelivery } from "../produce/partition_delivery.ts";
import { RecordBatch, recordsOf } from "../format/record_batch.ts";
import type { RawReader } from "../fetch/raw_reader.ts";
import type { TopicConfig } from "../settings/kafka_options.ts";

/** Documents are kept as long as the topic that they belong to. */
export const RETAIN_FOREVER: TopicConfig[] = [
  { name: "cleanup.policy", value: "delete" },
  { name: "retention.ms", value: "-1" },
  { name: "retention.bytes", value: "-1" },
];

/** The documents of a topic's components. */
export type ComponentDocuments = Pick<TopicDefinition, "validator" | "partitionSelector" | "serializer">;

/** Their order in the info topic. */
const ORDER = ["validator", "partitionSelector", "serializer"] as const;

/** Whether every component is the default one, so that no documents need to be stored. */
export function areDefault(documents: ComponentDocuments): boolean {
  return ORDER.every((kind) => {
    const { type, ...rest } = documents[kind];
    return type === "default" && Object.keys(rest).length === 0;
  });
}

/** The documents of topics that store none. */
export function defaultDocuments(): ComponentDocuments {
  return {
    validator: { type: "default" },
    partitionSelector: { type: "default" },
    serializer: { type: "default" },
  };
}

/** How long writing them may take, in milliseconds: creating a topic is not waited for as long as pushes may take. */
const WRITE_MS_MAX = 30_000;

/** Writes the documents: one record for each. */
export async function writeDocuments(
  cluster: Cluster,
  infoName: string,
  documents: ComponentDocuments,
): Promise<void> {
  const client = cluster.producer();
  const topic = { name: infoName, kafkaName: infoName };
  try {
    const delivery = new PartitionDelivery({ cluster, client, topic, partition: 0, msMax: WRITE_MS_MAX });
    const values = ORDER.map((kind) => Buffer.from(JSON.stringify(documents[kind])));
    await delivery.send(RecordBatch.encode([recordsOf(values)]));
  } finally {
    await client.close(true);
  }
}

/** How often to look for documents, and after which pause, in milliseconds. */
const LOOKS = 5;
const LOOK_AGAIN_MS = 300;

/**
 * Reads the documents and returns how many are missing; those are replaced by the default ones. A broker that has just
 * become the leader may not show for a moment what was written right before, so that they are looked for again where
 * there is a topic for them. A leader that is silent for longer than `silenceMs` is not waited for.
 */
export async function readDocuments(
  cluster: Cluster,
  reader: RawReader,
  infoName: string,
  silenceMs?: number,
): Promise<{ documents: ComponentDocuments; missing: number }> {
  for (let looks = 1;; looks++) {
    const records = await reader.read({
      kafkaName: infoName,
      partition: 0,
      offset: 0,
      recordsMax: ORDER.length,
      silenceMs,
    });
    const isAll = records.length >= ORDER.length;
    if (isAll || looks === LOOKS || await findTopic(cluster, infoName) === undefined) {
      return documentsIn(records);
    }
    await cluster.pause(LOOK_AGAIN_MS);
  }
}

function documentsIn(records: readonly FetchedRecord[]): { documents: ComponentDocuments; missing: number } {
  const documents = defaultDocuments();
  let missing = 0;
  for (const [index, kind] of ORDER.entries()) {
    const document = documentOf(records[index]?.value);
    if (document === undefined) missing++;
    else documents[kind] = kind === "validator" ? asItsWriterReads(document) : document;
  }
  return { documents, missing };
}

/**
 * The C++ library sorts keys, so that "type" may not come first, and reads a schema that declares no draft as
 * draft 07; this moves "type" to the front and declares the draft.
 */
function asItsWriterReads(document: ComponentDocument): ComponentDocument {
  return Object.keys(document)[0] === "type" ? document : withCppDraft(document);
}

function documentOf(value: Buffer | null | undefined): ComponentDocument | undefined {
  if (value === null || value === undefined) return undefined;
  try {
    const document: unknown = JSON.parse(value.toString("utf8"));
    const isDocument = typeof document === "object" && document !== null &&
      typeof (document as { type?: unknown }).type === "string";
    return isDocument ? document as ComponentDocument : undefined;
  } catch {
    return undefined;
  }
}
