#!/usr/bin/env -S deno run -A
/**
 * The command `diaspora-ctl`: from the command line to an exit code. Runs unchanged under Deno, Node and Bun,
 * and inside a single binary.
 *
 * @module
 */
import process from "node:process";
import { main } from "./src/ctl/main.ts";

const code = await main(process.argv.slice(2));
// Standard output has been flushed by the command; an exit right away could still cut off the last error line.
await new Promise<void>((resolve) => process.stderr.write("", () => resolve()));
process.exit(code);
