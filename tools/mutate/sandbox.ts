import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { digest, type Mutant, mutantsOf } from "./mutants.ts";
import { withSwitch } from "./schemata.ts";
import { SEEDS_TEST, seedsTest } from "./tests.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SWITCH = "mutation_switch.ts";
const CORE_BYTES = "src/log/format/core/core_bytes.ts";

/** What the tests and the library need from the repository. */
const COPIED = [
  ...["src", "tests", "wasm", "tools", "docs", "bench", "examples", "page"],
  ...["mod.ts", "cli.ts", "package.json", "deno.json", "deno.npm-only.json", "README.md", "CHANGELOG.md"],
];

/** Generated: the files they come from are mutated instead. */
const GENERATED = new Set([CORE_BYTES]);

/** The folders that are mutated when no path is given. */
export const NAMED = [
  ...[
    "src/log",
    "src/groups",
    "src/drivers/files",
    "src/drivers/memory",
    "src/storage/node.ts",
    "src/storage/system.ts",
  ],
  ...["src/producer.ts", "src/producer", "src/consumer.ts", "src/consumer", "wasm"],
];

/** Every source file at or under the paths. */
export function findSources(paths: readonly string[]): string[] {
  return paths.flatMap((path) =>
    statSync(join(ROOT, path)).isDirectory()
      ? readdirSync(join(ROOT, path), { recursive: true }).map((name) => join(path, String(name)))
      : [path]
  ).filter((file) => file.endsWith(".ts") && !GENERATED.has(file)).sort();
}

/** The content of a file of the repository. */
export function readSource(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** Every mutant of the files, numbered consecutively. */
export function findMutants(files: readonly string[]): Mutant[] {
  const mutants: Mutant[] = [];
  for (const file of files) {
    for (const mutant of mutantsOf(file, readSource(file), mutants.length)) mutants.push(mutant);
  }
  return mutants;
}

/** Whether a mutant is one of the wasm core, which is recompiled for each. */
export function isOfCore({ file }: { file: string }): boolean {
  return file.startsWith("wasm/");
}

/** The core's bytes come from a file if one is named. */
const SWITCHED_CORE = `
import { readFileSync } from "node:fs";
import process from "node:process";
const named = (() => { try { return process.env["DIASPORA_MUTATED_CORE"]; } catch { return undefined; } })();
export const CORE_BYTES: string = named === undefined ? COMPILED : readFileSync(named).toString("base64");
`;

/** A copy of the repository, outside it, that contains every mutant. */
export class Sandbox {
  readonly path: string;

  constructor(mutants: readonly Mutant[]) {
    this.path = join(tmpdir(), `diaspora-mutate-${digest(ROOT)}`);
    rmSync(this.path, { recursive: true, force: true });
    mkdirSync(this.temporary, { recursive: true });
    for (const name of COPIED) {
      if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), this.file(name), { recursive: true });
    }
    symlinkSync(resolve(ROOT, "node_modules"), this.file("node_modules"));
    cpSync(join(ROOT, "tools/mutate/switch.ts"), this.file(SWITCH));
    cpSync(join(ROOT, "tools/mutate/collector.ts"), this.file("tests/harness.ts"));
    writeFileSync(this.file(SEEDS_TEST), seedsTest());
    for (const file of new Set(mutants.filter((mutant) => !isOfCore(mutant)).map(({ file }) => file))) {
      const switchModule = relative(dirname(file), SWITCH);
      const its = mutants.filter((mutant) => mutant.file === file);
      writeFileSync(
        this.file(file),
        withSwitch(readSource(file), its, switchModule.startsWith(".") ? switchModule : `./${switchModule}`),
      );
    }
    const core = readSource(CORE_BYTES).replace("export const CORE_BYTES", "const COMPILED");
    writeFileSync(this.file(CORE_BYTES), core + SWITCHED_CORE);
  }

  /** Where the tests put their files: what mutants leave behind is deleted with the copy. */
  get temporary(): string {
    return join(this.path, "tmp");
  }

  /** A path inside the copy. */
  file(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
