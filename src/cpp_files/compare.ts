import { randomUUID } from "node:crypto";
import { ContentMismatchError } from "../errors.ts";
import type { Topic } from "../topic.ts";
import type { CppEvent, CppPartition } from "./partition.ts";

/** Which events are compared. */
export interface CompareRequest {
  topic: Topic;
  source: CppPartition;
  fromId: number;
  /** One past the last id. */
  endId: number;
  signal?: AbortSignal;
  /** Told of the events that are the same, some at a time. */
  onSame?: (events: CppEvent[]) => void;
}

/**
 * Compares stored events with those of the C++ store: every id and metadata, and the sizes of all data parts,
 * which are not read. Throws `ContentMismatchError` at the first difference.
 */
export async function compareEvents(request: CompareRequest): Promise<void> {
  const { topic, source, fromId, endId, signal, onSame } = request;
  if (fromId >= endId) return;
  const { partition } = source;
  const differ = (id: number, what: string): ContentMismatchError =>
    new ContentMismatchError(
      `Cannot import into topic "${topic.name}": event ${id} of partition ${partition} ${what}; ` +
        `import into a new topic`,
    );
  // A text that went through another serializer may come back in another spelling.
  const comparesText = topic.serializer.writesJsonText === true;
  // A name that nobody else has, and under which nothing is stored.
  await using consumer = topic.consumer(`import-${randomUUID()}`, {
    partitions: [partition],
    from: { id: fromId },
  });
  const expected = source.events(fromId);
  let nextId = fromId;
  try {
    for await (const batch of consumer.batches({ until: { id: endId }, signal })) {
      const same: CppEvent[] = [];
      for (const event of batch) {
        if (event.id !== nextId) throw differ(nextId, "was lost there");
        const { value: original } = expected.next();
        if (!original) throw differ(nextId, "is not in the C++ store");
        if (comparesText && event.metadataText !== original.document) {
          throw differ(nextId, "has other metadata there");
        }
        const { size } = event.dataDescriptor;
        if (size !== original.dataBytes) {
          throw differ(nextId, `has ${size} bytes of data there, and ${original.dataBytes} in C++`);
        }
        same.push(original);
        nextId++;
      }
      onSame?.(same);
    }
  } finally {
    expected.return();
  }
  if (nextId < endId) throw differ(nextId, "was lost there");
}
