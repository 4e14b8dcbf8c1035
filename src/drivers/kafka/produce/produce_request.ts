import type { Writer } from "@platformatic/kafka";
import type { ClientProducer } from "../client.ts";
import { type ClientConnection, readingIds } from "../client/client_internals.ts";
import type { Cluster } from "../client/cluster.ts";
import type { Leader } from "../client/metadata.ts";
import type { RecordBatch } from "../format/record_batch.ts";

/** The broker responds when all in-sync replicas have the batch. */
const ACKS_ALL = -1;
/** From this version on, sizes are varints, and there are tagged fields. */
const COMPACT_SINCE = 9;
/** From this version on, a topic has its id where it had its name: another topic of that name is not meant. */
const WITH_IDS = 13;

/** A batch for one partition. */
interface ProduceRequest {
  topic: { kafkaName: string; id?: string };
  partition: number;
  batch: RecordBatch;
  /** Whether to name the topic by its id, if there is one and brokers know such requests. */
  byId: boolean;
  /** Called with the connection before anything is sent. */
  onConnection(connection: ClientConnection): void;
}

interface ProduceAnswer {
  responses: [{ partitionResponses: [{ baseOffset: bigint }] }];
}

/**
 * Sends a batch and returns the offset of its first record. The client would encode each record in pieces, and join
 * them twice: that takes longer than everything else.
 */
export async function produce(
  cluster: Cluster,
  client: ClientProducer,
  leader: Leader,
  { topic: { kafkaName, id }, partition, batch, byId, onConnection }: ProduceRequest,
): Promise<number> {
  const { settings: { client: { timeout } }, module: { Writer } } = cluster;
  const usesId = byId && id !== undefined && await cluster.newestVersion("Produce") >= WITH_IDS;
  const isCompact = (version: number) => version >= COMPACT_SINCE;
  /** Everything up to the batch. */
  const payload = (version: number): Writer => {
    const writer = Writer.create();
    const appendCount = (count: number) =>
      isCompact(version) ? writer.appendUnsignedVarInt(count + 1) : writer.appendInt32(count);
    writer.appendString(null, isCompact(version)).appendInt16(ACKS_ALL).appendInt32(timeout);
    appendCount(1);
    if (usesId) writer.appendUUID(id);
    else writer.appendString(kafkaName, isCompact(version));
    appendCount(1);
    writer.appendInt32(partition);
    return appendCount(batch.bytes.byteLength);
  };
  // The tagged fields of the partition, the topic and the request; there are none.
  const rest = (version: number) => isCompact(version) ? batch.followedBy(3) : batch.bytes;
  const answer = await cluster.request<ProduceAnswer>(client, leader, {
    name: "Produce",
    parameters: [ACKS_ALL, timeout, [{ topic: kafkaName, partition, batch: batch.bytes }]],
    onConnection,
    instead: usesId ? { version: WITH_IDS, payload, rest, parse: readingIds } : { payload, rest },
  });
  return Number(answer.responses[0].partitionResponses[0].baseOffset);
}
