import type { Theme } from "../faults.ts";
import type { StoryKind } from "../world.ts";

/** One line of the source, and what it is changed to. */
export interface Mutation {
  what: string;
  file: string;
  /** Occurs once in the file. */
  from: string;
  to: string;
  /** Other lines, by default of the same file, each of which would hide this. */
  also?: readonly { file?: string; from: string; to: string }[];
  /** The histories that should notice it; by default those of the log. */
  story?: StoryKind;
  /** Only histories with this theme are run: elsewhere it hardly ever shows. */
  theme?: Theme;
  /** A test with a directed history, which is run in place of random ones: these meet the moment too rarely. */
  test?: string;
}

/** The name that says where the log begins says nothing: a segment is removed when its own file is. */
const ONE_BY_ONE = [
  {
    file: "src/log/segment/listing.ts",
    from: "ids: all.filter((id) => id >= first),",
    to: "ids: all, first,",
  },
  {
    file: "src/log/segment/removal.ts",
    from: "if ((folder.segmentIds()[0] ?? firstId) < firstId) {",
    to: "if (folder.listing().first < firstId) {",
  },
  {
    file: "src/log/segment/removal.ts",
    from: "const first = listingOf(names).ids[0] ?? 0;",
    to: "const { first } = listingOf(names);",
  },
] as const;

/** Each takes out one thing that keeps a promise of the log. */
export const MUTATIONS: readonly Mutation[] = [
  {
    what: "topics: what was pushed into a topic that was deleted lands in the next one of its name",
    file: "src/drivers/files/identity.ts",
    from: "if (now === undefined || state === undefined) throw new TopicDeletedError(this.topic);",
    to: "if (now === undefined || state === undefined) return;",
  },
  {
    what: "conclusions: a frame that became whole between two looks is taken for a torn one",
    file: "src/log/segment/frame_scanner.ts",
    from: "if (isWholeNow(segment, offset, frame)) return",
    to: "if (offset < 0) return",
    also: [{
      from: "if (found === endOffset || isBoundary(segment, endOffset)) {",
      to: "if (endOffset < 0) {",
    }, {
      // Readers look at damage twice since a file may be cached by another machine, which hides most of it.
      file: "src/log/read/reader.ts",
      from: "return position.segment.reopen();",
      to: "return false;",
    }],
  },
  {
    what: "short writes: the header alone says that a frame has landed",
    file: "src/log/write/open_segment.ts",
    from: "core.checkRecord(trailer, salt, true) && core.sameFrame(header, trailer);",
    to: "core.checkRecord(header, salt, false);",
  },
  {
    what: "short writes: a trailer's checksum is not looked at",
    file: "src/log/write/open_segment.ts",
    from: "core.checkRecord(trailer, salt, true) && core",
    to: "core",
    theme: "cut writes",
  },
  {
    what: "failed syncs: one that succeeds later confirms what the failed one covered",
    file: "src/log/write/durability.ts",
    from: ", (failure) => this.#failures.set(state.file, failure)",
    to: "",
    theme: "failing syncs",
  },
  {
    what: "failed syncs: a blocking one is forgotten",
    file: "src/log/write/durability.ts",
    from: "      sync();\n    } catch (error) {\n      throw this.#asFailure(state, error);",
    to: "      sync();\n    } catch (error) {\n      throw error;",
    theme: "failing syncs",
  },
  {
    what: "failed syncs: one of a segment that is closed since is forgotten",
    file: "src/log/write/durability.ts",
    from: "      if (failure !== undefined) syncs",
    to: "      if (failure !== undefined && state !== undefined) syncs",
    theme: "failing syncs",
  },
  {
    what: "failed syncs: a flush forgets that an earlier one failed",
    file: "src/log/write/writer.ts",
    from: "if (this.#doubt !== undefined) throw this.#doubt;",
    to: "const doubt = this.#doubt;\n    this.#doubt = undefined;\n    if (doubt !== undefined) throw doubt;",
    theme: "failing syncs",
  },
  {
    what: "removed segments: a push fails when the segment it was to go into was rolled and removed",
    file: "src/log/write/appender.ts",
    from: "if (!isMissing(error) || ++vanished === VANISHED_MAX) throw error;",
    to: "throw error;",
  },
  {
    what: "removed segments: an idle producer stays in the segment it knows",
    file: "src/log/write/open_segment.ts",
    from: 'if (entry.kind === "end") return "discarded";',
    to: 'if (entry.kind === "end" && this.file.size() >= 0) return "discarded";',
  },
  {
    // Each remedy alone is enough: the name that says where the log begins covers ghosts, too.
    what: "ghosts: a stopped writer makes a segment again, which is taken for a part of the log",
    file: "src/log/segment/directory.ts",
    from: ", { confirm: () => this.#isLast(after) }",
    to: "",
    also: [
      {
        file: "src/log/segment/neighbours.ts",
        from: "return previous !== undefined && !isSameSegment(previous, { baseId, salt });",
        to: "return false;",
      },
      ...ONE_BY_ONE,
    ],
    theme: "stopped writers",
  },
  {
    what: "data before events: a dependency marker that cannot be made is left out",
    file: "src/log/write/writer.ts",
    from: "    const marker = this.partition.keepForSegment(segmentId, Math.min(...older));\n",
    to:
      "    let marker: string;\n    try {\n      marker = this.partition.keepForSegment(segmentId, Math.min(...older));\n    } catch {\n      return true;\n    }\n",
  },
  {
    what: "data before events: a push does not look whether its chunks are still there",
    file: "src/log/write/writer.ts",
    from: "return [...older].every((id) => isKept(listing, id));",
    to: "return [...older].every((id) => isKept(listing, id) || id >= 0);",
  },
  {
    what:
      "data before events: a push fails as a reader does if its chunks are removed before they are written again",
    file: "src/log/write/chunk_appender.ts",
    from: "throw error instanceof EventGoneError ? pieceRemoved(partition, segmentId) : error;",
    to: "throw error;",
    theme: "removed data",
  },
  {
    what: "data before events: an event whose data is gone stops its consumer",
    file: "src/log/segment/directory.ts",
    from: 'throw new EventGoneError(this.partition, id, id + 1, "data");',
    to: "throw new EventGoneError(this.partition, id, firstId);",
    theme: "removed data",
  },
  {
    what: "removals: segments go one by one, each by its own file",
    ...ONE_BY_ONE[0],
    also: ONE_BY_ONE.slice(1),
    theme: "lost names",
  },
  {
    what: "removals: files go before the name that says so is on the disk",
    file: "src/log/segment/removal.ts",
    from: "  storage.syncDirectory(directory, change);\n",
    to: "",
    theme: "lost names",
  },
  {
    what: "administration: a topic is ended and removed where it stands",
    file: "src/drivers/files/driver.ts",
    from:
      "    const path = moveAside(storage, rootPath, formerPath);\n    if (path === undefined) return false;\n",
    to: "    const path = formerPath;\n",
  },
  {
    what: "administration: a topic is made where it will stand",
    file: "src/drivers/files/driver.ts",
    from: "const draft = temporaryPath(storage, rootPath);",
    to: "const draft = this.#path(name);",
  },
  {
    what: "administration: a topic that is deleted comes back with a power cut",
    file: "src/drivers/files/temporary_folders.ts",
    from: "for (const folder of new Set(paths.map((path) => dirname(path)))) storage.syncDirectory(folder);",
    to: "paths.map((path) => dirname(path));",
  },
  {
    what: "clock: a segment is as old as the clock said when the next one was made",
    file: "src/log/retention.ts",
    from:
      "    const tells = (reading: number) => believed(reading) >= Math.max(newest, -Number.MAX_VALUE);\n",
    to: "    const tells = (reading: number) => reading >= 0;\n",
    theme: "stepping clocks",
  },
  {
    what: "clock: a seek by time goes by when segments were made",
    file: "src/log/partition.ts",
    from: "if (nextId !== undefined && newestTimeOfSealed(segment) < time) continue;",
    to: "if (nextId !== undefined && this.segment(nextId).created < time) continue;",
  },
  {
    what: "clock: a frame has the time of the clock, were it before that of the frame before",
    file: "src/log/write/appender.ts",
    from: "open.newestTime = Math.max(now, open.newestTime);",
    to: "open.newestTime = now;",
  },
  {
    what: "a sync is dropped",
    file: "src/log/write/durability.ts",
    from: "await state.file.sync();",
    to: "await Promise.resolve();",
  },
  {
    what: "the folder is not synced before its new segment counts as durable",
    file: "src/log/write/segment_names.ts",
    from:
      "settle(await this.storage.syncDirectoryLater(folder, change).then(() => undefined, (error) => error));",
    to: "settle(undefined);",
    also: [{ from: "        this.storage.syncDirectory(folder, change);\n", to: "" }],
  },
  {
    what: "metadata checksums are not looked at",
    file: "src/log/segment/frame_check.ts",
    from: "return head >= 0 && isHeadRight(head, frame) ? head : -1;",
    to: "return head;",
  },
  {
    what: "data checksums are not looked at",
    file: "src/log/read/data.ts",
    from: "!== sums[block]) return block;",
    to: "!== sums[block]) continue;",
  },
  {
    what: "a torn frame is believed",
    file: "src/log/segment/frame_scanner.ts",
    from: "if (found < endOffset || isCutByHeader(segment, endOffset)) {",
    to: "if (endOffset < 0) {",
  },
  {
    what: "a frame cut short inside its trailer is believed",
    file: "src/log/segment/frame_end.ts",
    from: "  const from = endOffset - RECORD_BYTES + 1;\n",
    to: "  const from = endOffset - RECORD_BYTES + 1;\n  if (from > 0) return false;\n",
    theme: "cut writes",
  },
  {
    what: "a frame that lacks its last bytes, in whose place lies a piece of the next one, is believed",
    file: "src/log/segment/frame_scanner.ts",
    from: "if (isCutByPiece(segment, offset, frame)) return",
    to: "if (endOffset < 0) return",
    // No random history of 5,000 cuts two writes like that, and lets a third one follow.
    test: "tests/log/segment/frame_scanner_test.ts",
  },
  {
    what: "after a lost race the expected id is kept",
    file: "src/log/write/open_segment.ts",
    from: "landed = entry;",
    to: "landed = { ...entry, id: expected.id, endId: expected.id + entry.frame.count };",
  },
  {
    what: "a frame after a seal counts as stored",
    file: "src/log/segment/entries.ts",
    from: "if (next.frame.kind === KIND.seal) {",
    to: "if (next.frame.kind === KIND.seal && offset % 2 === 0) {",
  },
  {
    what: "positions: an acknowledgement is not written",
    file: "src/log/positions/own_cursor_file.ts",
    from: "if (file !== undefined) writeOnceAt(file, slot, index * POSITION_SLOT_BYTES);",
    to: "void [writeOnceAt, slot, index];",
  },
  {
    what: "positions: an acknowledgement covers one event too many",
    file: "src/log/positions/cursor.ts",
    from: "return { ...next, generation };",
    to: "return { ...next, nextId: next.nextId + 1, generation };",
  },
  {
    what: "positions: one that is newer than the log is believed after a power cut",
    file: "src/log/positions/confirm.ts",
    from: "if (isConfirmed(partition, position, ids)) return nextId;",
    to: "if (nextId >= 0) return nextId;",
  },
  {
    what: "positions: reading goes back to the end of the log only",
    file: "src/log/positions/confirm.ts",
    from: "if (mark !== undefined || time === 0) return lastBefore(partition, position);",
    to: "if (mark !== undefined || time === 0) return Math.min(nextId, partition.end(ids)!.id);",
  },
  {
    what: "positions: an acknowledgement below a stale one is left out",
    file: "src/log/positions/cursor.ts",
    from: "if (stale?.generation === generation) return { ...next, generation: generation + 1 };",
    to: "",
  },
  {
    what: "positions: a consumer does not learn that another one began a generation",
    file: "src/log/positions/cursor.ts",
    from: "if (isRaised) this.#retireAll(this.#others(listed));",
    to: "",
    also: [{
      file: "src/log/positions/cursor.ts",
      from: "if (isRaised) this.#retireAll(known.contents.filter(({ path }) => path !== this.#own?.path));",
      to: "",
    }],
    theme: "moved positions",
  },
  {
    what: "idle files: a segment is closed in the middle of an append to it",
    file: "src/log/write/appender.ts",
    from: "open === undefined || this.#isBusy || open.hasHole",
    to: "open === undefined || open.hasHole",
    theme: "few descriptors",
  },
  {
    what: "idle files: a position file under the path of the own one is taken for it",
    file: "src/log/positions/own_cursor_file.ts",
    from: "file !== undefined && this.#hasName() && isOwnedBy(this.settings.owner, file);",
    to: "file !== undefined;",
    also: [{ from: "isOwnedBy,", to: "" }],
    // Which consumer of a name has stored a position, a random history does not tell.
    test: "tests/log/positions/idle_position_file_test.ts",
  },
  {
    what: "an index entry is believed without a look at the log",
    file: "src/log/segment/index.ts",
    from: "if (isFrameAt(position, recordCrc)) {",
    to: "if (position.offset > 0) {",
  },
  {
    what: "a gap of unknown content is passed as if it had no events",
    file: "src/log/segment/gap.ts",
    from: "  if (gap.torn) {\n",
    to: "  if (!gap.torn) return { endOffset: gap.endOffset, endId: idBefore };\n  if (gap.torn) {\n",
  },
  {
    what: "a segment without events is sealed",
    file: "src/log/write/appender.ts",
    from: "if (open.hasEvents) this.#seal(open);\n      else if (!this.#isAbandoned) return open;",
    to: "if (open.hasEvents || !this.#isAbandoned) this.#seal(open);",
  },
  {
    what: "bytes that were read from one file are taken for another's",
    file: "src/log/segment/window.ts",
    from: "if (source !== this.source || offset < this.start || offset + size > this.end) {",
    to: "if (offset < this.start || offset + size > this.end) {",
  },
  {
    what: "consumers: an iteration that ends within a batch leaves out the rest of it",
    file: "src/consumer/event_source.ts",
    from: "    this.#parked.set(batch.partition, { batch, index: this.#index });\n",
    to: "",
    theme: "whole consumers",
  },
  {
    what: "consumers: what was read ahead is delivered after a seek",
    file: "src/consumer/event_source.ts",
    from: "    if (this.#current?.partition === partition) this.#current = undefined;\n",
    to: "",
    theme: "whole consumers",
  },
  {
    what: "groups: an owner relies on its part for longer than others wait for it",
    file: "src/groups/lease.ts",
    from: "const VALID = 0.7;",
    to: "const VALID = 5;",
    test: "tests/simulation/stopped_member_test.ts",
  },
  {
    what: "groups: a new owner does not mark the file of the one before",
    file: "src/log/positions/cursor.ts",
    from: "while (this.#retireAll(known.contents)) known = this.#readAll(yield);",
    to: "",
    story: "group",
  },
  {
    // Once is enough: taking the position over changes nothing, but what is stored after that does.
    what: "groups: a former owner stores its position in another file",
    file: "src/log/positions/cursor.ts",
    from: "      checkHeld();\n      this.take((stored)",
    to: "      this.take((stored)",
    also: [{ from: "time: 0 });\n      checkHeld();", to: "time: 0 });" }],
    test: "tests/issues/seek_beside_takeover_test.ts",
  },
  {
    what: "groups: one that takes a partition over does not look at who was faster",
    file: "src/log/positions/cursor.ts",
    from: "!this.#isOvertaken(listed, known.position)",
    to: "true",
    test: "tests/issues/seek_beside_takeover_test.ts",
  },
  {
    what: "groups: a write that was cut short is followed by one over the last whole one",
    file: "src/log/positions/own_cursor_file.ts",
    from: "const sequence = this.#sequence + 1;",
    to: "const sequence = ++this.#sequence;",
    story: "group",
    theme: "cut positions",
  },
  {
    what: "groups: a partition is given away before what was given out of it is acknowledged",
    file: "src/drivers/files/group_consumer.ts",
    from: "return assigned.acknowledgedId >= deliveredId ||",
    to: "return deliveredId >= 0 ||",
    story: "group",
  },
  {
    what: "groups: retention removes what no member has acknowledged",
    file: "src/drivers/files/trim.ts",
    from: "beforeId: acknowledged === true ? acknowledgedIds([log], registry)[0] : undefined,",
    to: "beforeId: acknowledged === true ? log.end()?.id : undefined,",
    story: "group",
    theme: "removed work",
  },
  {
    what: "verify: a segment that is removed meanwhile is an error",
    file: "src/log/check/verify.ts",
    from: "const isGone = isMissing(error) && !partition.segmentIds().includes(next);",
    to: "const isGone = next < 0;",
  },
  {
    what: "verify: a segment that is removed meanwhile is called missing",
    file: "src/log/check/verify.ts",
    from: "    expected = following ?? Infinity;\n",
    to: "",
  },
  {
    what: "verify: a frame that is being written is damage",
    file: "src/log/check/verify_segment.ts",
    from: 'severity: "torn", kind: "leftover",',
    to: 'severity: "redundant", kind: "leftover",',
  },
  {
    what: "imports: a topic gets its name before its events are on the disk",
    file: "src/drivers/files/driver.ts",
    from: 'const syncing = flushBehavior === "immediate" ? flushBehavior : "on_flush";',
    to: 'const syncing = "buffered";',
  },
];
