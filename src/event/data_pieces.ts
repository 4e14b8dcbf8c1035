import type { Event } from "../event.ts";

/** The data part of an event, read in pieces of limited size. */
export async function* dataPieces<T>(
  event: Event<T>,
  bytesMax: number,
): AsyncGenerator<Uint8Array, void, void> {
  const { dataDescriptor } = event;
  for (let offset = 0; offset < dataDescriptor.size; offset += bytesMax) {
    const size = Math.min(bytesMax, dataDescriptor.size - offset);
    yield await event.loadData(dataDescriptor.makeSubView(offset, size));
  }
}
