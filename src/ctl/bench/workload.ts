/** The number and size of events. */
export interface Shape {
  /** Number of events. */
  events: number;
  /** Size of each event's data part in bytes. */
  dataBytes: number;
  /** Size of each event's metadata in bytes, as closely as JSON allows. */
  metadataBytes: number;
  /** Number of documents prepared in advance and used repeatedly; undefined for one per event. */
  documents?: number;
}

/** Size of the metadata of the named workloads: `{"id":123,"detector":"d7","energy":42.5,…}`. */
export const METADATA_BYTES = 100;

/** The named workloads, from many small events to few large ones. */
export const WORKLOADS: Readonly<Record<string, Shape>> = {
  W1: { events: 1_000_000, dataBytes: 0, metadataBytes: METADATA_BYTES },
  W2: { events: 200_000, dataBytes: 1024, metadataBytes: METADATA_BYTES },
  W3: { events: 20_000, dataBytes: 64 * 1024, metadataBytes: METADATA_BYTES },
  W4: { events: 2_000, dataBytes: 1024 * 1024, metadataBytes: METADATA_BYTES },
};

const WARM_UP_EVENTS = 200_000;
const WARM_UP_BYTES = 64 * 1024 * 1024;

/** The same workload with a share of its events, at least one. */
export function scaled(shape: Shape, scale: number): Shape {
  return { ...shape, events: Math.max(1, Math.round(shape.events * scale)) };
}

/** A smaller workload, large enough to have the code compiled before the clock starts. */
export function warmUpOf<S extends Shape>(shape: S): S {
  const fitting = Math.ceil(WARM_UP_BYTES / (shape.dataBytes + shape.metadataBytes));
  return { ...shape, events: Math.min(shape.events, WARM_UP_EVENTS, fitting) };
}
