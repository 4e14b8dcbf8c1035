/**
 * Writes `docs/reference.md`: every option of drivers, topics, components and calls, every environment variable and
 * limit, out of the code that reads them. A test holds the page against what this writes.
 *
 * ```sh
 * npm run reference
 * ```
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { REFERENCE_FILE, referencePage } from "./reference/page.ts";

if (import.meta.main) {
  writeFileSync(REFERENCE_FILE, referencePage());
  console.log(REFERENCE_FILE);
}
