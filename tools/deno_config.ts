import process from "node:process";

/** Deno's configuration, relative to the project: which one says whether `@std` comes from JSR or from `tools/std`. */
export const DENO_CONFIG: string = process.env["DIASPORA_TOOLING"] === "connected"
  ? "deno.json"
  : "deno.npm-only.json";
