import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { FullDataSelector } from "../consumer/data_selection.ts";
import type { DataDescriptor } from "../data/descriptor.ts";
import { ContentMismatchError } from "../errors.ts";
import type { Event } from "../event.ts";
import type { Topic } from "../topic.ts";
import type { CppEvent, CppPartition } from "./partition.ts";
import type { SourcePartition } from "./source_partition.ts";
import type { TransferCount } from "./transfer.ts";
import { counted } from "../text/counted.ts";

/** Data parts up to this size are read with their events, larger ones in pieces of this size. */
export const PIECE_BYTES = 4 * 1024 * 1024;

/** Which events to compare. */
interface CompareRequest {
  topic: Topic;
  source: SourcePartition;
  fromId: number;
  /** One past the last id. */
  endId: number;
  signal: AbortSignal | undefined;
  /** Called with equal events, in groups. */
  onSame?: (events: CppEvent[]) => void;
}

/**
 * Compares stored events with those of the C++ store: every id, the metadata, and the data byte by byte. Throws
 * `ContentMismatchError` at the first difference.
 */
export async function compareEvents(request: CompareRequest): Promise<void> {
  const { topic, source, fromId, endId, signal, onSame } = request;
  if (fromId >= endId) return;
  const { partition } = source;
  const contentMismatch = (id: number, what: string): ContentMismatchError =>
    new ContentMismatchError(
      `Cannot import into topic "${topic.name}": event ${id} of partition ${partition} ${what}; ` +
        `import into a new topic`,
    );
  // Another serializer may return equivalent but different text.
  const keepsText = topic.serializer.writesJsonText === true;
  // A unique name, under which nothing is stored.
  await using consumer = topic.consumer(`import-${randomUUID()}`, {
    partitions: [partition],
    from: { id: fromId },
    // If all data is small, no selector is called per event, which would parse its metadata.
    dataSelector: source.hasDataAbove(PIECE_BYTES) ? selectPiece : FullDataSelector,
  });
  const expected = source.events(fromId);
  let nextId = fromId;
  try {
    for await (const batch of consumer.batches({ until: { id: endId }, signal })) {
      const same: CppEvent[] = [];
      for (const event of batch) {
        if (event.id !== nextId) throw contentMismatch(nextId, "was lost there");
        const { value: original } = expected.next();
        if (!original) throw contentMismatch(nextId, "is not in the C++ store");
        let document = source.documentOf(original);
        if (typeof document !== "string") document = await document;
        const found = event.metadataText;
        if (found !== document && (keepsText || spelled(found) !== spelled(document))) {
          throw contentMismatch(nextId, "has different metadata there");
        }
        const { size } = event.dataDescriptor;
        if (size !== original.dataBytes) {
          throw contentMismatch(
            nextId,
            `has ${counted(size, "byte")} of data there, and ${original.dataBytes} in C++`,
          );
        }
        if (size > 0 && !await hasSameData(event, original)) {
          throw contentMismatch(nextId, "has different data there");
        }
        same.push(original);
        nextId++;
      }
      onSame?.(same);
    }
  } finally {
    expected.return();
  }
  if (nextId < endId) throw contentMismatch(nextId, "was lost there");
}

/**
 * The size of a partition of the C++ store if it has exactly the events of the topic; `spell` says how to write
 * metadata.
 */
export async function countIfSame(
  topic: Topic,
  store: CppPartition,
  spell: (event: Event) => string,
  signal?: AbortSignal,
): Promise<TransferCount | undefined> {
  const count: TransferCount = { events: 0, metadataBytes: 0, dataBytes: 0 };
  await using consumer = topic.consumer(`export-${randomUUID()}`, {
    partitions: [store.partition],
    dataSelector: selectPiece,
  });
  const stored = store.events();
  try {
    for await (const batch of consumer.batches({ until: "end", signal })) {
      for (const event of batch) {
        const { value: original } = stored.next();
        const { size } = event.dataDescriptor;
        if (!original || original.document !== spell(event) || original.dataBytes !== size) return undefined;
        if (size > 0 && !await hasSameData(event, original)) return undefined;
        count.events++;
        count.metadataBytes += original.metadataBytes;
        count.dataBytes += size;
      }
    }
  } finally {
    stored.return();
  }
  return count.events === store.count ? count : undefined;
}

/** Selects data parts that are read with their events. */
export function selectPiece(_metadata: unknown, descriptor: DataDescriptor): DataDescriptor | null {
  return descriptor.size <= PIECE_BYTES ? descriptor : null;
}

function spelled(document: string): string {
  return JSON.stringify(JSON.parse(document));
}

async function hasSameData(event: Event, original: CppEvent): Promise<boolean> {
  const data = original.data();
  if (data instanceof Uint8Array) {
    if (event.data !== undefined) return Buffer.compare(data, event.data) === 0;
    return await hasSamePieces(event, [data]);
  }
  return await hasSamePieces(event, data);
}

async function hasSamePieces(
  event: Event,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<boolean> {
  let offset = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += PIECE_BYTES) {
      const part = piece.subarray(at, at + PIECE_BYTES);
      const view = event.dataDescriptor.makeSubView(offset + at, part.length);
      if (Buffer.compare(part, await event.loadData(view)) !== 0) return false;
    }
    offset += piece.length;
  }
  return true;
}
