// A fake broker that supports a few requests of the real protocol: a test scripts its answers, and it records
// the requests.
import { Buffer } from "node:buffer";
import { createServer, type Server, type Socket } from "node:net";
import { Reader, Writer } from "@platformatic/kafka";

const METADATA = 3;
const PRODUCE = 0;
const LIST_OFFSETS = 2;
const OFFSET_COMMIT = 8;
const OFFSET_FETCH = 9;
const FIND_COORDINATOR = 10;
const API_VERSIONS = 18;
const INIT_PRODUCER_ID = 22;
/** The single version that it supports of each request, all with tagged fields. */
const VERSIONS: Record<number, number> = {
  [PRODUCE]: 11,
  [LIST_OFFSETS]: 9,
  [METADATA]: 12,
  [OFFSET_COMMIT]: 9,
  [OFFSET_FETCH]: 9,
  [FIND_COORDINATOR]: 6,
  [API_VERSIONS]: 3,
  [INIT_PRODUCER_ID]: 5,
};

/** From this version on, a Produce request has the topic's id where it had its name. */
const PRODUCE_WITH_IDS = 13;
/** The same for OffsetCommit and OffsetFetch. */
const COMMIT_WITH_IDS = 10;

/** The id of its topic. */
export const TOPIC_ID = "00000000-0000-0000-0000-000000000007";

export const LEADER_NOT_AVAILABLE = 5;
export const NOT_LEADER = 6;
const CORRUPT_MESSAGE = 2;
export const UNKNOWN_TOPIC = 3;
const UNSUPPORTED_VERSION = 35;
const UNKNOWN_TOPIC_ID = 100;
export const MESSAGE_TOO_LARGE = 10;
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45;

/** A batch from a Produce request. */
export interface ProducedBatch {
  partition: number;
  producerId: bigint;
  sequence: number;
  count: number;
}

/** The broker's state of a partition. */
export interface FakePartition {
  /** The leader's node id; this broker is 1, and 2 is one that is down, or the other one. */
  leader: number;
  /** The error in Metadata. */
  error: number;
  /** The offset of the next record. */
  end: number;
}

/** The outcome of a Produce request: an error code, the connection closed, before or after storing, or no answer. */
export type ProduceOutcome = number | "cut" | "cut after storing" | "silence";

/** One broker with one topic, "t". */
export class FakeBroker {
  readonly partitions: FakePartition[];
  /** The topic's error in Metadata. */
  topicError = 0;
  topicId: string = TOPIC_ID;
  /** Whether it accepts connections and requests, and answers none. */
  isSilent = false;
  /** Where broker 2 of its cluster is, which is broker 1 in its own eyes; without it, 2 is down. */
  otherPort: number | undefined;
  /** The port at which it says it is. */
  advertisedPort: number | undefined;
  /** The newest version of ApiVersions that it says it knows, and the one that it does know. */
  versionsVersion = { said: VERSIONS[API_VERSIONS], known: 4 };
  /** The newest version of Produce that it says it knows, and the one that it does know. */
  produceVersion = { said: VERSIONS[PRODUCE], known: VERSIONS[PRODUCE] };
  /** The same for OffsetCommit. */
  commitVersion = { said: VERSIONS[OFFSET_COMMIT], known: VERSIONS[OFFSET_COMMIT] };
  /** The same for OffsetFetch. */
  fetchVersion = { said: VERSIONS[OFFSET_FETCH], known: VERSIONS[OFFSET_FETCH] };
  /** The position of every group in partition 0, and the topic of that name in which it was stored. */
  position = { topicId: TOPIC_ID, offset: 7 };
  /** How long it takes to answer OffsetCommit and OffsetFetch, in milliseconds. */
  positionsMs = 0;
  /** How many OffsetFetch requests it closes the connection for. */
  cuts = 0;
  /** How many OffsetFetch requests get the answer that their topic is not known yet. */
  unknowing = 0;
  /** The versions of OffsetCommit requests that stored a position, with its partition and offset. */
  readonly commits: [version: number, partition: number, offset: number][] = [];
  /** The version of each Produce request. */
  readonly produceVersions: number[] = [];
  readonly produced: ProducedBatch[] = [];
  /** The number of each one's compression, in the attributes. */
  readonly codecs: number[] = [];
  /** Number of requests. */
  requests = 0;
  /** How many Produce requests have to wait for an answer until they get theirs. */
  answeredTogether = 1;
  readonly #held: (() => void)[] = [];
  /** The outcomes of the next Produce requests; by default 0. */
  readonly outcomes: ProduceOutcome[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #ids = 1000n;

  private constructor(partitions: number) {
    this.partitions = Array.from({ length: partitions }, () => ({ leader: 1, error: 0, end: 100 }));
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(partitions: number): Promise<FakeBroker> {
    const broker = new FakeBroker(partitions);
    await new Promise<void>((resolve) => broker.#server.listen(0, "127.0.0.1", resolve));
    return broker;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get #port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** A partition without a leader. */
  orphan(partition: number): void {
    Object.assign(this.partitions[partition], { leader: -1, error: LEADER_NOT_AVAILABLE });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    let received = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      if (this.isSilent) return;
      received = Buffer.concat([received, chunk as Buffer]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const size = received.readInt32BE(0);
        this.#answer(socket, received.subarray(4, 4 + size));
        received = received.subarray(4 + size);
      }
    });
  }

  #answer(socket: Socket, request: Buffer): void {
    this.requests++;
    const api = request.readInt16BE(0);
    const number = request.readInt32BE(4);
    const nameBytes = Math.max(0, request.readInt16BE(8));
    // The client id is followed by the tagged fields of the header.
    const reader = Reader.from(request.subarray(10 + nameBytes + 1));
    const writer = Writer.create().appendInt32(number);
    if (api !== API_VERSIONS) writer.appendTaggedFields();
    if (api === API_VERSIONS) this.#answerVersions(writer, request.readInt16BE(2));
    else if (api === METADATA) this.#answerMetadata(writer);
    else if (api === LIST_OFFSETS) this.#answerOffsets(writer, reader);
    else if (api === FIND_COORDINATOR) {
      reader.readInt8();
      writer.appendInt32(0).appendArray(reader.readArray((r) => r.readString(), true, false), (w, key) => {
        w.appendString(key).appendInt32(1).appendString("127.0.0.1").appendInt32(this.#port).appendInt16(0)
          .appendString(null);
      }).appendTaggedFields();
    } else if (api === OFFSET_COMMIT) {
      const version = request.readInt16BE(2);
      if (version > this.commitVersion.known) return void socket.destroy();
      this.#commit(writer, reader, version);
    } else if (api === OFFSET_FETCH) {
      const version = request.readInt16BE(2);
      if (version > this.fetchVersion.known || this.cuts-- > 0) return void socket.destroy();
      this.#fetchPositions(writer, reader, version >= COMMIT_WITH_IDS);
    } else if (api === INIT_PRODUCER_ID) {
      writer.appendInt32(0).appendInt16(0).appendInt64(this.#ids++).appendInt16(0).appendTaggedFields();
    } else if (api === PRODUCE) {
      const version = request.readInt16BE(2);
      this.produceVersions.push(version);
      if (this.outcomes[0] === "silence") return void this.outcomes.shift();
      // Brokers close the connection if they do not know the version.
      if (version > this.produceVersion.known || !this.#store(writer, reader, version >= PRODUCE_WITH_IDS)) {
        socket.destroy();
        return;
      }
      this.#held.push(() => socket.write(writer.prependLength().buffer));
      if (this.#held.length >= this.answeredTogether) { for (const send of this.#held.splice(0)) send(); }
      return;
    } else throw new Error(`The test's broker has no request ${api}`);
    const isSlow = this.positionsMs > 0 && (api === OFFSET_COMMIT || api === OFFSET_FETCH);
    if (isSlow) setTimeout(() => socket.write(writer.prependLength().buffer), this.positionsMs);
    else socket.write(writer.prependLength().buffer);
  }

  #answerVersions(writer: Writer, asked: number): void {
    // Without tagged fields in old versions.
    const isCompact = asked >= VERSIONS[API_VERSIONS];
    if (asked > this.versionsVersion.known) {
      // Like brokers: in the oldest form, whatever was asked.
      writer.appendInt16(UNSUPPORTED_VERSION).appendInt32(1).appendInt16(API_VERSIONS).appendInt16(0)
        .appendInt16(this.versionsVersion.known);
      return;
    }
    const said: Record<number, number> = {
      [API_VERSIONS]: this.versionsVersion.said,
      [PRODUCE]: this.produceVersion.said,
      [OFFSET_COMMIT]: this.commitVersion.said,
      [OFFSET_FETCH]: this.fetchVersion.said,
    };
    writer.appendInt16(0).appendArray(
      Object.entries(VERSIONS),
      (w, [key, version]) => {
        w.appendInt16(Number(key)).appendInt16(version).appendInt16(said[Number(key)] ?? version);
      },
      isCompact,
      isCompact,
    );
    if (isCompact) writer.appendInt32(0).appendTaggedFields();
  }

  #answerMetadata(writer: Writer): void {
    const topics = [{
      name: "t",
      error: this.topicError,
      partitions: this.topicError === 0 ? this.partitions : [],
    }];
    const ports = [
      this.advertisedPort ?? this.#port,
      ...this.otherPort === undefined ? [] : [this.otherPort],
    ];
    writer.appendInt32(0)
      .appendArray([...ports.entries()], (w, [index, port]) => {
        w.appendInt32(index + 1).appendString("127.0.0.1").appendInt32(port).appendString(null);
      })
      .appendString("cluster").appendInt32(1)
      .appendArray(topics, (w, { name, error, partitions }) => {
        w.appendInt16(error).appendString(name).appendUUID(this.topicId)
          .appendBoolean(false);
        // Like brokers, in arbitrary order.
        const numbered = partitions.map((partition, index) => ({ ...partition, index })).reverse();
        w.appendArray(numbered, (w, { error, index, leader }) => {
          w.appendInt16(error).appendInt32(index).appendInt32(leader).appendInt32(3);
          w.appendArray([leader < 0 ? 2 : leader], (w, id) => w.appendInt32(id), true, false);
          w.appendArray([leader < 0 ? 2 : leader], (w, id) => w.appendInt32(id), true, false);
          w.appendArray(leader < 0 ? [2] : [], (w, id) => w.appendInt32(id), true, false);
        }).appendInt32(0);
      }).appendTaggedFields();
  }

  #answerOffsets(writer: Writer, reader: Reader): void {
    reader.readInt32();
    reader.readInt8();
    const [{ name, partitions }] = reader.readArray((r) => ({
      name: r.readString(),
      partitions: r.readArray((r) => {
        const [partition] = [r.readInt32(), r.readInt32(), r.readInt64()];
        return partition;
      }),
    }));
    writer.appendInt32(0).appendArray([name], (w) => {
      w.appendString(name).appendArray(partitions, (w, partition) => {
        const { leader, end } = this.partitions[partition];
        w.appendInt32(partition).appendInt16(leader === 1 ? 0 : NOT_LEADER).appendInt64(-1n)
          .appendInt64(leader === 1 ? BigInt(end) : -1n).appendInt32(3);
      });
    }).appendTaggedFields();
  }

  #commit(writer: Writer, reader: Reader, version: number): void {
    const hasId = version >= COMMIT_WITH_IDS;
    // The group, its generation, the member and its instance.
    reader.readString();
    reader.readInt32();
    reader.readString();
    reader.readNullableString();
    const [{ topic, partitions }] = reader.readArray((r) => ({
      topic: hasId ? r.readUUID() : r.readString(),
      partitions: r.readArray((r) => {
        const partition = { number: r.readInt32(), offset: Number(r.readInt64()), epoch: r.readInt32() };
        r.readNullableString();
        return partition;
      }),
    }));
    const isUnknown = hasId && topic !== this.topicId;
    writer.appendInt32(0).appendArray([topic], (w) => {
      if (hasId) w.appendUUID(topic);
      else w.appendString(topic);
      w.appendArray(partitions, (w, { number, offset }) => {
        if (!isUnknown) this.commits.push([version, number, offset]);
        w.appendInt32(number).appendInt16(isUnknown ? UNKNOWN_TOPIC_ID : 0);
      });
    }).appendTaggedFields();
  }

  #fetchPositions(writer: Writer, reader: Reader, hasId: boolean): void {
    const groups = reader.readArray((r) => {
      const group = r.readString();
      r.readNullableString();
      r.readInt32();
      const [topic] = r.readArray((r) => {
        const topic = hasId ? r.readUUID() : r.readString();
        r.readArray((r) => r.readInt32(), true, false);
        return topic;
      });
      return { group, topic };
    });
    const { topicId, offset } = this.position;
    writer.appendInt32(0).appendArray(groups, (w, { group, topic }) => {
      w.appendString(group).appendArray([topic], (w) => {
        if (hasId) w.appendUUID(topic);
        else w.appendString(topic);
        const isUnknown = hasId && (topic !== this.topicId || this.unknowing-- > 0);
        const isOther = hasId && topic !== topicId;
        w.appendArray([0], (w, partition) => {
          w.appendInt32(partition).appendInt64(isUnknown || isOther ? -1n : BigInt(offset)).appendInt32(3)
            .appendString(null).appendInt16(isUnknown ? UNKNOWN_TOPIC_ID : 0);
        });
      }).appendInt16(0);
    }).appendTaggedFields();
  }

  /** Whether an answer may be sent. */
  #store(writer: Writer, reader: Reader, hasId: boolean): boolean {
    reader.readNullableString();
    reader.readInt16();
    reader.readInt32();
    let id = this.topicId;
    const [{ partition, records }] = reader.readArray((r) => {
      if (hasId) id = r.readUUID();
      else r.readString();
      return r.readArray((r) => ({ partition: r.readInt32(), records: r.readBytes() }));
    }).flat();
    const batch: ProducedBatch = {
      partition,
      producerId: records.readBigInt64BE(43),
      sequence: records.readInt32BE(53),
      count: records.readInt32BE(57),
    };
    const outcome = this.outcomes.shift() ?? 0;
    if (outcome === "cut") return false;
    const { leader } = this.partitions[partition];
    const earlier = this.produced.findLast((one) =>
      one.partition === partition && one.producerId === batch.producerId
    );
    const isAgain = earlier?.sequence === batch.sequence && earlier.count === batch.count;
    const expected = earlier === undefined ? batch.sequence : earlier.sequence + earlier.count;
    // Like kfake: the leader sets its epoch itself.
    const isWhole = records.readInt32BE(12) === -1;
    const error = id !== this.topicId
      ? UNKNOWN_TOPIC_ID
      : leader !== 1
      ? NOT_LEADER
      : !isWhole
      ? CORRUPT_MESSAGE
      : typeof outcome === "number" && outcome !== 0
      ? outcome
      : !isAgain && batch.sequence !== expected
      ? OUT_OF_ORDER_SEQUENCE_NUMBER
      : 0;
    const baseOffset = this.partitions[partition].end - (isAgain ? batch.count : 0);
    if (error === 0 && !isAgain) {
      this.produced.push(batch);
      this.codecs.push(records.readInt16BE(21) & 7);
      this.partitions[partition].end += batch.count;
    }
    if (outcome === "cut after storing") return false;
    writer.appendArray([partition], (w) => {
      if (hasId) w.appendUUID(id);
      else w.appendString("t");
      w.appendArray([partition], (w) => {
        w.appendInt32(partition).appendInt16(error).appendInt64(error === 0 ? BigInt(baseOffset) : -1n)
          .appendInt64(-1n).appendInt64(0n).appendArray([], () => {}).appendString(null);
      });
    }).appendInt32(0).appendTaggedFields();
    return true;
  }
}
