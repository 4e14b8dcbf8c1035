#!/usr/bin/env -S deno run -A
/**
 * The command `diaspora-ctl`: from the command line to an exit code. Runs unchanged under Deno, Node and Bun,
 * and inside a single binary.
 *
 * @module
 */
import process from "node:process";
import { processHost } from "./src/ctl/console/host.ts";
import { main } from "./src/ctl/main.ts";

const code = await main(process.argv.slice(2));
// Standard output has been flushed by the command.
await processHost.error.written();
process.exit(code);
