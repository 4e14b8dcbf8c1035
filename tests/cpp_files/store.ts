/** Writes stores as the C++ files driver does. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An event: its metadata as stored in the file, and its data. */
export interface StoredEvent {
  metadata: Uint8Array;
  data?: Uint8Array;
}

/** The content of a topic. */
export interface StoredTopic {
  /** Texts of the component documents; one that is missing is not written. */
  validator?: string;
  serializer?: string;
  "partition-selector"?: string;
  /** Events of each partition. */
  partitions: StoredEvent[][];
}

/** Metadata as the serializers `default` and `schema` write it: the length, then the text. */
export function record(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const whole = new Uint8Array(8 + bytes.length);
  new DataView(whole.buffer).setBigUint64(0, BigInt(bytes.length), true);
  whole.set(bytes, 8);
  return whole;
}

/** Writes a topic under a `root_path`. */
export function writeTopic(rootPath: string, name: string, topic: StoredTopic): void {
  const { partitions, ...documents } = topic;
  const folder = join(rootPath, name);
  partitions.forEach((events, number) => {
    const partition = join(folder, "partitions", String(number).padStart(8, "0"));
    mkdirSync(partition, { recursive: true });
    const index = new DataView(new ArrayBuffer(32 * events.length));
    let [metadataAt, dataAt] = [0, 0];
    events.forEach(({ metadata, data = new Uint8Array(0) }, id) => {
      const numbers = [metadataAt, metadata.length, dataAt, data.length];
      numbers.forEach((value, at) => index.setBigUint64(32 * id + 8 * at, BigInt(value), true));
      metadataAt += metadata.length;
      dataAt += data.length;
    });
    writeFileSync(join(partition, "index"), new Uint8Array(index.buffer));
    writeFileSync(join(partition, "metadata"), joined(events.map(({ metadata }) => metadata)));
    writeFileSync(join(partition, "data"), joined(events.map(({ data }) => data ?? new Uint8Array(0))));
  });
  for (const [kind, text] of Object.entries(documents)) writeFileSync(join(folder, `${kind}.json`), text);
}

function joined(pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
