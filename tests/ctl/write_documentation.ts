import { writeFileSync } from "node:fs";
import { documentation } from "../../src/ctl/help/markdown.ts";

writeFileSync(new URL("../../docs/ctl.md", import.meta.url), documentation());
