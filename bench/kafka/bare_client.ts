import type { Message } from "@platformatic/kafka";
import { Buffer } from "node:buffer";
import { loadClient } from "../../src/drivers/kafka/client.ts";
import { DataPool, makeContent } from "../../src/ctl/bench/content.ts";
import type { Gate } from "../../src/ctl/bench/produce.ts";
import { type Measured, Stopwatch } from "../../src/ctl/bench/stopwatch.ts";
import { type Shape, warmUpOf } from "../../src/ctl/bench/workload.ts";

/** A measurement of the client library without the driver. */
export interface BareJob {
  kind: "produce" | "consume";
  servers: string;
  topic: string;
  /** A topic to warm up with, before the clock starts. */
  warmUp: string;
  shape: Shape;
  partitions: number;
}

/** Bytes per request and partition, the same as the driver's. */
const BATCH_BYTES = 900_000;
/** Requests in flight, so that the next one is prepared while one is under way. */
const SENDS_MAX = 4;
/** Size of the driver's prefix of the text in a record, so that both store the same bytes. */
const HEAD_BYTES = 24;
/** Where the prefix has the size of the text. */
const TEXT_SIZE_OFFSET = 16;

/** Makes a measurement in this process: as fast as the client can go without losing durability. */
export async function measureBare(job: BareJob, gate: Gate): Promise<Measured> {
  return job.kind === "produce" ? await measureProduce(job, gate) : await measureConsume(job, gate);
}

async function measureProduce(job: BareJob, gate: Gate): Promise<Measured> {
  const { shape } = job;
  const content = makeContent(shape, "object");
  const pool = new DataPool(shape.dataBytes);
  const produce = async (topic: string, events: number): Promise<void> => {
    const { Producer } = await loadClient();
    const producer = new Producer({
      clientId: "bare",
      bootstrapBrokers: job.servers.split(","),
      idempotent: true,
    });
    const sends = new Set<Promise<unknown>>();
    let messages: { topic: string; partition: number; value: Buffer }[] = [];
    let bytes = 0;
    const send = async (): Promise<void> => {
      const sending: Promise<unknown> = producer.send({ messages }).then(() => sends.delete(sending));
      sends.add(sending);
      messages = [];
      bytes = 0;
      while (sends.size >= SENDS_MAX) await Promise.race(sends);
    };
    for (let index = 0, document = 0; index < events; index++) {
      const value = valueOf(JSON.stringify(content.metadata[document]), pool.next());
      if (++document === content.metadata.length) document = 0;
      messages.push({ topic, partition: index % job.partitions, value });
      bytes += value.byteLength + 20;
      if (bytes > BATCH_BYTES * job.partitions) await send();
    }
    if (messages.length > 0) await send();
    await Promise.all(sends);
    await producer.close();
  };
  await produce(job.warmUp, warmUpOf(shape).events);
  await gate();
  const watch = new Stopwatch();
  await produce(job.topic, shape.events);
  return watch.stop({ events: shape.events, bytes: content.bytes });
}

async function measureConsume(job: BareJob, gate: Gate): Promise<Measured> {
  const { shape } = job;
  await consume(job, job.warmUp, warmUpOf(shape).events);
  await gate();
  const watch = new Stopwatch();
  return watch.stop({ events: shape.events, bytes: await consume(job, job.topic, shape.events) });
}

/** Reads that many events, parses their metadata, and returns the bytes of their data. */
async function consume(job: BareJob, topic: string, events: number): Promise<number> {
  const { Consumer } = await loadClient();
  const consumer = new Consumer({
    clientId: "bare",
    bootstrapBrokers: job.servers.split(","),
    groupId: `bare-${Date.now()}-${Math.random()}`,
  });
  const stream = await consumer.consume({
    topics: [topic],
    mode: "earliest" as never,
    autocommit: false,
    maxWaitTime: 500,
  });
  let left = events;
  let bytes = 0;
  for await (const { value } of stream as AsyncIterable<Message<Buffer, Buffer, Buffer, Buffer>>) {
    const textBytes = value.readUInt32LE(TEXT_SIZE_OFFSET);
    JSON.parse(value.toString("utf8", HEAD_BYTES, HEAD_BYTES + textBytes));
    bytes += value.byteLength - HEAD_BYTES - textBytes;
    if (--left === 0) break;
  }
  await consumer.close(true);
  return bytes;
}

function valueOf(text: string, data: Uint8Array | undefined): Buffer {
  const textBytes = Buffer.byteLength(text);
  const value = Buffer.allocUnsafe(HEAD_BYTES + textBytes + (data?.byteLength ?? 0));
  value.fill(0, 0, HEAD_BYTES);
  value.writeUInt32LE(textBytes, TEXT_SIZE_OFFSET);
  value.write(text, HEAD_BYTES, "utf8");
  if (data !== undefined) value.set(data, HEAD_BYTES + textBytes);
  return value;
}
