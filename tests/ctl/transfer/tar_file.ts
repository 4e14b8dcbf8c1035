import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** An entry as any program may have written it. */
export interface Entry {
  name: string;
  content?: string | Uint8Array;
  /** Type of the entry; a regular file by default. */
  type?: string;
  prefix?: string;
  /** The size field, if it is not that of the content. */
  size?: string;
  magic?: string;
}

/** A tar file with these entries. */
export function tarFile(entries: readonly Entry[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? "");
    return [header(entry, content.length), content, Buffer.alloc((512 - content.length % 512) % 512)];
  });
  return new Uint8Array(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

function header(
  { name, type = "0", prefix = "", size, magic = "ustar\u000000" }: Entry,
  bytes: number,
): Uint8Array {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100, "utf8");
  block.write("0000644\u00000000000\u00000000000\u0000", 100, "latin1");
  block.write(size ?? bytes.toString(8).padStart(11, "0"), 124, "latin1");
  block.write("00000000000", 136, "latin1");
  block.write(type, 156, "latin1");
  block.write(magic, 257, "latin1");
  block.write(prefix, 345, 155, "utf8");
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** `topic.json` of a topic with the default components. */
export function topicEntry(partitions = 1, more: Record<string, unknown> = {}): Entry {
  const type = "default";
  const topic = {
    format: 1,
    name: "t",
    options: { num_partitions: partitions },
    validator: { type },
    serializer: { type },
    partition_selector: { type },
    ...more,
  };
  return { name: "topic.json", content: JSON.stringify(topic) };
}

/** A run of events with the metadata `{"n":…}`. */
export function runEntry(partition: number, firstId: number, count: number, dataBytes = 0): Entry {
  const lines = Array.from(
    { length: count },
    (_, n) =>
      `{"id":${firstId + n},"timestamp":1,"data_size":${dataBytes},"metadata":{"n":${firstId + n}}}\n`,
  );
  return { name: `${runPath(partition, firstId)}.jsonl`, content: lines.join("") };
}

/** The name of a run without its ending. */
export function runPath(partition: number, firstId: number): string {
  return `events/${String(partition).padStart(8, "0")}/${String(firstId).padStart(20, "0")}`;
}

/** `manifest.json` for these entries. */
export function manifestEntry(
  entries: readonly Entry[],
  counts: { events: number; data_bytes?: number },
): Entry {
  const sha256 = Object.fromEntries(
    entries.map(({ name, content }) => [name, createHash("sha256").update(content ?? "").digest("hex")]),
  );
  return { name: "manifest.json", content: JSON.stringify({ data_bytes: 0, ...counts, sha256 }) };
}
