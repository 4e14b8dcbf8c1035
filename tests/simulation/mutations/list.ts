/** One line of the source, and what it is broken into. */
export interface Mutation {
  what: string;
  file: string;
  /** Stands once in the file. */
  from: string;
  to: string;
}

/** What keeps a promise of the log is taken out, one at a time. */
export const MUTATIONS: readonly Mutation[] = [
  {
    what: "conclusions: a frame that became whole between two looks is taken for a torn one",
    file: "src/log/scanner.ts",
    from: 'if (ended === "same") return { kind: "frame", offset, endOffset, frame };',
    to: "",
  },
  {
    what: "short writes: the header alone says that a frame has landed",
    file: "src/log/open_segment.ts",
    from:
      "core.checkRecord(header, salt, false) && core.checkRecord(trailer, salt, true) &&\n      core.sameFrame(header, trailer);",
    to: "core.checkRecord(header, salt, false);",
  },
  {
    what: "failed syncs: one that succeeds later confirms what the failed one covered",
    file: "src/log/durability.ts",
    from: "    state.failure = failure;\n",
    to: "",
  },
  {
    what: "failed syncs: a blocking one is forgotten",
    file: "src/log/durability.ts",
    from:
      "(state.twin ?? state.file).syncNow();\n      } catch (error) {\n        throw this.#asFailure(state, error);",
    to: "(state.twin ?? state.file).syncNow();\n      } catch (error) {\n        throw error;",
  },
  {
    what: "failed syncs: a blocking one does not ask whether another failed",
    file: "src/log/durability.ts",
    from:
      "      if (state.failure !== undefined) throw state.failure;\n      try {\n        this.#syncName(state);\n        (state.twin",
    to: "      try {\n        this.#syncName(state);\n        (state.twin",
  },
  {
    what: "failed syncs: a flush forgets that an earlier one failed",
    file: "src/log/writer.ts",
    from: "this.#doubt ??= error;",
    to: "throw error;",
  },
  {
    what: "removed segments: a push fails when the segment it was to go into was rolled and removed",
    file: "src/log/appender.ts",
    from: "if (!isMissing(error) || ++vanished === VANISHED_MAX) throw error;",
    to: "throw error;",
  },
  {
    what: "removed segments: an idle producer stays in the segment it knows",
    file: "src/log/open_segment.ts",
    from: 'if (passed.kind === "end") return "discarded";',
    to: 'if (passed.kind === "end" && this.file.size() >= 0) return "discarded";',
  },
  {
    what: "ghosts: a stopped writer makes a segment again",
    file: "src/log/partition.ts",
    from: ", { confirm: () => this.#isLast(after) }",
    to: "",
  },
  {
    what: "a sync is dropped",
    file: "src/log/durability.ts",
    from: "await state.file.sync();",
    to: "await Promise.resolve();",
  },
  {
    what: "the folder is not synced before its new segment counts as durable",
    file: "src/log/durability.ts",
    from: "this.storage.syncDirectory(this.directory);",
    to: "",
  },
  {
    what: "metadata checksums are not looked at",
    file: "src/log/reader.ts",
    from: "if (at < 0 || !this.#checkHead(at, passed)) {",
    to: "if (at < 0) {",
  },
  {
    what: "data checksums are not looked at",
    file: "src/log/stored_data.ts",
    from: "!== sums[block]) return block;",
    to: "!== sums[block]) continue;",
  },
  {
    what: "a torn frame is believed",
    file: "src/log/scanner.ts",
    from: 'if (found < endOffset || ended === "absent" || isCutByHeader(segment, endOffset)) {',
    to: "if (endOffset < 0) {",
  },
  {
    what: "a frame cut short inside its trailer is believed",
    file: "src/log/scanner.ts",
    from: "  const from = endOffset - RECORD_BYTES + 1;\n",
    to: "  const from = endOffset - RECORD_BYTES + 1;\n  if (from > 0) return false;\n",
  },
  {
    what: "after a lost race the expected id is kept",
    file: "src/log/open_segment.ts",
    from: "isOf(passed.frame, identity)) return this.#landed(passed);",
    to: "isOf(passed.frame, identity)) return this.#landed({ ...passed, id: from.id });",
  },
  {
    what: "a frame behind a seal counts as stored",
    file: "src/log/walk.ts",
    from: "if (next.frame.kind === KIND.seal) {",
    to: "if (next.frame.kind === KIND.seal && offset % 2 === 0) {",
  },
  {
    what: "an acknowledgement is not written",
    file: "src/log/cursor.ts",
    from: "const written = file.writeAt(slot, slotIndex * POSITION_SLOT_BYTES);",
    to: "const written = POSITION_SLOT_BYTES;\n    void slotIndex;",
  },
  {
    what: "an acknowledgement covers one event too many",
    file: "src/log/cursor.ts",
    from: "return { nextId, time, generation: position?.generation ?? 1 };",
    to: "return { nextId: nextId + 1, time, generation: position?.generation ?? 1 };",
  },
  {
    what: "a position newer than the log is believed after a power cut",
    file: "src/log/confirm.ts",
    from: "if (nextId <= firstId) return nextId;",
    to: "if (nextId >= 0) return nextId;",
  },
  {
    what: "an index entry is believed without a look at the log",
    file: "src/log/segment_index.ts",
    from: "if (isFrameAt(place, core.view.getUint32(entry + INDEX.recordCrc, true))) return place;",
    to: "if (place.offset > 0) return place;",
  },
  {
    what: "a gap of unknown content is passed as if it had no events",
    file: "src/log/gap.ts",
    from: "if (gap.torn) return { endOffset: gap.endOffset, endId: idBefore };",
    to: "return { endOffset: gap.endOffset, endId: idBefore };",
  },
  {
    what: "a segment without events is sealed",
    file: "src/log/appender.ts",
    from: "if (open.hasEvents) this.#seal(open);\n      else if (!this.#isAbandoned) return open;",
    to: "if (open.hasEvents || !this.#isAbandoned) this.#seal(open);",
  },
  {
    what: "bytes that were read from one file are taken for another's",
    file: "src/log/read_window.ts",
    from: "if (source !== this.#source || offset < this.#start || offset + size > this.#end) {",
    to: "if (offset < this.#start || offset + size > this.#end) {",
  },
];
