import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileCore } from "../build_wasm.ts";
import { applyMutant, type Mutant } from "./mutants.ts";
import { readSource } from "./sandbox.ts";

/** The compiler keeps state between calls: only one at a time. */
let compiling: Promise<unknown> = Promise.resolve();

/** Compiles the core with one mutant to a file; undefined if it does not compile. */
export function compileMutant(mutant: Mutant, folder: string): Promise<string | undefined> {
  const compiled = compiling.then(async () => {
    try {
      const text = applyMutant(readSource(mutant.file), mutant);
      const core = join(folder, `core-${mutant.number}.wasm`);
      writeFileSync(core, await compileCore(new Map([[mutant.file, text]])));
      return core;
    } catch {
      return undefined;
    }
  });
  compiling = compiled;
  return compiled;
}
