/**
 * Writes `docs/reference.md`: every option of drivers, topics, components and calls, every environment
 * variable and limit, from the code that reads them; and the drivers' options for `--help`. A test compares
 * the page with the output.
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
