/** The store that the C++ library wrote. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Driver } from "../../mod.ts";

const FOLDER = fileURLToPath(new URL("../golden/cpp-files", import.meta.url));

/** The `root_path` of the C++ driver. */
export const SAMPLE_ROOT = join(FOLDER, "root");
/** The expected events of the topic `sample`, one per line. */
export const SAMPLE_EXPECTED = join(FOLDER, "expected.jsonl");

/** The environment of a test: a folder that is removed afterwards, and drivers. */
export interface Place {
  folder: string;
  /** A `root_path` for the C++ driver. */
  cppRoot: string;
  driver: Driver;
}

/** Runs a test with its own environment. */
export async function withPlace(use: (place: Place) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-cpp-"));
  try {
    await using driver = await Driver.open("files", { root_path: join(folder, "ours") });
    await use({ folder, cppRoot: join(folder, "cpp"), driver });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
