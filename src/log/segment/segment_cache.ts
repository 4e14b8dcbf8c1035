import { type IdleFiles, registerIdle, unregisterIdle } from "../../storage/idle_files.ts";
import type { Segment } from "./segment_file.ts";

/** Segments whose files stay open; readers and writers of one partition rarely need more at once. */
const OPEN_SEGMENTS_MAX = 4;

/** The segments of a partition that were read or written; few of their files are open. */
export class SegmentCache implements IdleFiles {
  readonly #segments = new Map<number, Segment>();
  /** Those with an open file, the one used last at the end: finding them among all takes longer than opening one. */
  readonly #open = new Set<Segment>();
  /** How many hold each segment that is held. */
  readonly #held = new Map<Segment, number>();
  /** The consumers that read them now. */
  readonly readers = new Set<object>();

  /** The segment that begins with this id; made by `make` the first time. */
  use(baseId: number, make: () => Segment): Segment {
    let segment = this.#segments.get(baseId);
    if (segment === undefined) {
      segment = make();
      segment.opened = (opened) => this.#opened(opened);
      segment.replaced = () => this.release(baseId);
      this.#segments.set(baseId, segment);
      this.#opened(segment);
    } else if (this.#open.delete(segment)) {
      this.#open.add(segment);
    }
    // One that is closed separately does not count.
    for (const each of this.#open) if (!each.isOpen) this.#open.delete(each);
    for (const oldest of this.#open) {
      if (this.#open.size - this.#held.size <= OPEN_SEGMENTS_MAX) break;
      if (this.#held.has(oldest)) continue;
      oldest.close();
      this.#open.delete(oldest);
    }
    return segment;
  }

  /**
   * Keeps the file of a segment open, so that it can be read even when retention has removed it; unless descriptors are
   * wanted. The returned function lets it go.
   */
  hold(segment: Segment): () => void {
    this.#held.set(segment, (this.#held.get(segment) ?? 0) + 1);
    return () => {
      const count = this.#held.get(segment)! - 1;
      if (count > 0) return void this.#held.set(segment, count);
      this.#held.delete(segment);
      // If it was removed, its space is free now.
      this.release(segment.baseId);
    };
  }

  #opened(segment: Segment): void {
    this.#open.add(segment);
    registerIdle(this, segment.storage);
  }

  /** Closes the files, though some may be needed again at once: a segment opens its file again. */
  closeIdle(): boolean {
    const open = [...this.#open].filter((segment) => segment.isOpen);
    for (const segment of open) segment.close();
    this.#open.clear();
    unregisterIdle(this);
    return open.length > 0;
  }

  /** The segment that begins with this id, if it was used. */
  known(baseId: number): Segment | undefined {
    return this.#segments.get(baseId);
  }

  /** Runs work, and releases what it opened. */
  briefly<T>(work: () => T): T {
    const before = new Set(this.#open);
    try {
      return work();
    } finally {
      this.releaseOpen(before);
    }
  }

  /**
   * Closes the files that are open, but for those of `kept`. What is known of them is forgotten: while it is not open, a
   * segment may be removed and another one made under its name.
   */
  releaseOpen(kept?: ReadonlySet<Segment>): void {
    for (const segment of this.#open) {
      if (kept?.has(segment) || this.#held.has(segment)) continue;
      segment.close();
      this.#open.delete(segment);
      if (this.#segments.get(segment.baseId) === segment) this.#segments.delete(segment.baseId);
    }
    if (this.#open.size === 0) unregisterIdle(this);
  }

  /** Closes and forgets one whose file is about to be removed, or whose name belongs to another file now. */
  release(baseId: number): void {
    const segment = this.#segments.get(baseId);
    if (segment === undefined) return;
    // What came after it may be removed, too.
    segment.endId = undefined;
    if (this.#held.has(segment) && segment.isOpen) return;
    segment.close();
    this.#open.delete(segment);
    this.#segments.delete(baseId);
  }

  close(): void {
    this.#held.clear();
    this.releaseOpen();
    this.#segments.clear();
  }
}
