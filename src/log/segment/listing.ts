// What the file names in a partition's folder say: `log/mod.ts` lists them. Each decision about several files is one
// name, so that a process that is killed has either taken it or not.

import { baseIdOf, segmentName } from "./segment_file.ts";

/** Digits of an id in a name. */
const DIGITS = 20;
const FIRST = /^(\d{20})\.first-(\d{1,16})$/;
const NEEDS = /^(\d{20})\.needs-(\d{20})$/;
const ANY = /^(\d{20})\./;

/** What one listing of the folder says. */
export interface Listing {
  /** First ids of the segments, ascending; without those that were removed. */
  ids: number[];
  /** The older segments that a segment needs by its dependency markers, whether or not they still exist. */
  needs: ReadonlyMap<number, readonly number[]>;
  /** The segment that the newest `first` file names, whether or not that counts; 0 without one. */
  markedFirst: number;
  /** The newest time in removed segments, in milliseconds since 1970; 0 if none was removed. */
  removedTime: number;
}

/** Reads the names of a partition's folder. */
export function listingOf(names: readonly string[]): Listing {
  const all: number[] = [];
  const pairs: { baseId: number; olderId: number }[] = [];
  const marks: { baseId: number; time: number }[] = [];
  for (const name of names) {
    // Every look lists the folder: a pattern is tried only where the name can match it.
    const baseId = name.endsWith(".log") ? baseIdOf(name) : undefined;
    const needs = name.startsWith(".needs-", DIGITS) ? NEEDS.exec(name) : null;
    const first = name.startsWith(".first-", DIGITS) ? FIRST.exec(name) : null;
    if (baseId !== undefined) all.push(baseId);
    if (needs !== null) pairs.push({ baseId: Number(needs[1]), olderId: Number(needs[2]) });
    if (first !== null) marks.push({ baseId: Number(first[1]), time: Number(first[2]) });
  }
  all.sort((a, b) => a - b);
  marks.sort((a, b) => b.baseId - a.baseId);
  const has = new Set(all);
  /**
   * After a power cut the segment may be lost: then the older ones are all there is. And a dependency marker that was
   * written at the same moment wins: see `removeBefore`.
   */
  const counts = (first: number) =>
    has.has(first) &&
    !pairs.some(({ baseId, olderId }) =>
      baseId >= first && olderId < first && has.has(baseId) && has.has(olderId)
    );
  const first = marks.find(({ baseId }) => counts(baseId))?.baseId ?? 0;
  const needs = new Map<number, number[]>();
  for (const { baseId, olderId } of pairs) {
    const older = needs.get(baseId);
    if (older === undefined) needs.set(baseId, [olderId]);
    else older.push(olderId);
  }
  return {
    ids: all.filter((id) => id >= first),
    needs,
    markedFirst: marks[0]?.baseId ?? 0,
    removedTime: Math.max(0, ...marks.map(({ time }) => time)),
  };
}

/**
 * Whether a segment exists and will stay as long as another one that needs it; to be asked after the dependency marker
 * was made. A removal that has begun counts, whatever came of it: it may not have seen the marker.
 */
export function isKept({ ids, markedFirst }: Listing, baseId: number): boolean {
  return baseId >= markedFirst && ids.includes(baseId);
}

/** Whether one of the segments from `from` on and before `end` needs one before them: those stay as long as it does. */
export function needsOlder({ ids, needs }: Listing, from: number, end: number): boolean {
  return ids.some((id) =>
    id >= from && id < end && needs.get(id)?.some((olderId) => olderId < from && ids.includes(olderId))
  );
}

/** The name that says that the log begins with this segment, and what the newest time before it was. */
export function firstName(baseId: number, removedTime: number): string {
  return `${digitsOf(baseId)}.first-${removedTime}`;
}

/** The name of the dependency marker of a segment that needs an older one. */
export function needsName(baseId: number, olderId: number): string {
  return `${digitsOf(baseId)}.needs-${digitsOf(olderId)}`;
}

/** The segment that a name in the folder belongs to; undefined for other names. */
export function ownerOf(name: string): number | undefined {
  const match = ANY.exec(name);
  return match === null ? undefined : Number(match[1]);
}

function digitsOf(baseId: number): string {
  return segmentName(baseId).slice(0, -4);
}

/** The index of the first of ascending ids that is not below another one. */
export function indexFrom(ids: readonly number[], id: number): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether two lists have the same ids. */
export function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
