/**
 * Breaks the log on purpose, one line at a time, in a copy of the source, and runs the simulation there until it
 * notices. A mutation that passes unnoticed shows what the simulation does not see.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

interface Mutation {
  what: string;
  file: string;
  from: string;
  to: string;
}

/** Every one must be noticed. */
export const MUTATIONS: readonly Mutation[] = [
  {
    what: "a sync is dropped",
    file: "src/log/durability.ts",
    from: "await Promise.all(files.map((file) => file.sync()));",
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
    from:
      'if (found !== undefined && found < endOffset) return { kind: "gap", offset, endOffset: found, torn: true };',
    to: "",
  },
  {
    what: "a frame cut short inside its trailer is believed",
    file: "src/log/scanner.ts",
    from:
      ' || isCutByHeader(segment, endOffset)) {\n    return found === undefined\n      ? { kind: "tail", offset, pending: true }\n      : { kind: "gap", offset, endOffset: found, torn: true };\n  }\n  if (found === endOffset || isBoundary(segment, endOffset)) {',
    to:
      ') {\n    return found === undefined\n      ? { kind: "tail", offset, pending: true }\n      : { kind: "gap", offset, endOffset: found, torn: true };\n  }\n  if (endOffset > 0) {',
  },
  {
    what: "after a lost race the expected id is kept",
    file: "src/log/appender.ts",
    from: 'if (passed.kind === "frame" && this.#isOwn(passed.frame)) {',
    to: 'if (passed.kind === "frame" && this.#isOwn(passed.frame)) {\n        passed.id = from.id;',
  },
  {
    what: "a frame behind a seal counts as stored",
    file: "src/log/walk.ts",
    from: "if (next.frame.kind === KIND.seal) {",
    to: "if (next.frame.kind === KIND.seal && offset % 2 === 0) {",
  },
  {
    what: "a short write counts as whole",
    file: "src/log/appender.ts",
    from: "if (written === frameBytes) {",
    to: "if (written > frameBytes / 2) {",
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
    from: "if (!isFull || !hasEvents(end)) return end;",
    to: "if (!isFull) return end;",
  },
  {
    what: "bytes that were read from one file are taken for another's",
    file: "src/log/read_window.ts",
    from: "if (source !== this.#source || offset < this.#start || offset + size > this.#end) {",
    to: "if (offset < this.#start || offset + size > this.#end) {",
  },
];

const SCRIPT = `
import { runSeed } from "./tests/simulation/world.ts";
for (let seed = 1; seed <= Number(Deno.args[0]); seed++) {
  try { await runSeed(seed); } catch (error) { console.log(seed, String(error.cause ?? error).split("\\n")[0]); Deno.exit(1); }
}
`;

/** Runs every mutation over up to `seeds` seeds; the exit code is 0 when each was noticed. */
export async function runMutations(seeds: number): Promise<number> {
  const copy = mkdtempSync(join(tmpdir(), "diaspora-mutations-"));
  let unnoticed = 0;
  try {
    cpSync("src", join(copy, "src"), { recursive: true });
    cpSync("tests/simulation", join(copy, "tests/simulation"), { recursive: true });
    cpSync("deno.json", join(copy, "deno.json"));
    cpSync("package.json", join(copy, "package.json"));
    symlinkSync(join(process.cwd(), "node_modules"), join(copy, "node_modules"));
    writeFileSync(join(copy, "run.ts"), SCRIPT);
    for (const { what, file, from, to } of MUTATIONS) {
      const path = join(copy, file);
      const text = readFileSync(path, "utf8");
      if (text.split(from).length !== 2) {
        console.error(`cannot mutate ${file}: expected to find once: ${from}`);
        unnoticed++;
        continue;
      }
      writeFileSync(path, text.replace(from, () => to));
      const { code, output } = await run(copy, seeds);
      writeFileSync(path, text);
      if (code === 0) unnoticed++;
      console.log(
        `${code === 0 ? "NOT NOTICED" : "noticed"}: ${what}${code === 0 ? "" : ` (seed ${output.trim()})`}`,
      );
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  console.log(`${MUTATIONS.length - unnoticed} of ${MUTATIONS.length} mutations noticed`);
  return unnoticed === 0 ? 0 : 1;
}

function run(folder: string, seeds: number): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["run", "-A", "--no-check", "run.ts", String(seeds)], {
      cwd: folder,
    });
    let output = "";
    child.stdout.on("data", (text) => output += text);
    child.stderr.on("data", (text) => output += text);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output: output.slice(0, 160) }));
  });
}
