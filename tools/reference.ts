/**
 * Writes `docs/reference.md`: every option of drivers, topics, components and calls, every environment variable and
 * limit, out of the code that reads them; and what `--help` says of drivers' options. A test holds the page against what this writes.
 *
 * ```sh
 * npm run reference
 * ```
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { HELP_FILE, helpModule } from "./reference/help.ts";
import { REFERENCE_FILE, referencePage } from "./reference/page.ts";

if (import.meta.main) {
  writeFileSync(REFERENCE_FILE, referencePage());
  writeFileSync(HELP_FILE, helpModule());
  console.log(`${REFERENCE_FILE}\n${HELP_FILE}`);
}
