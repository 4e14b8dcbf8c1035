import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

/** Time limit of a check's programs, in milliseconds. */
const LONGEST_MS = 300_000;

/** An empty project for one check. */
export interface Project {
  folder: string;
  /** Writes a file; a value that is not a string is written as JSON. */
  write(path: string, content: string | object): void;
  /** Runs a program there, which must succeed, and returns its output. */
  run(program: string, ...parameters: string[]): string;
  /** The same, with additional environment variables. */
  runWith(environment: Record<string, string>, program: string, ...parameters: string[]): string;
  /** Installs packages with npm, in addition to those present. */
  install(...packages: string[]): void;
}

/** Creates a folder with a project in it. */
export function makeProject(folder: string, manifest: object = {}): Project {
  const write = (path: string, content: string | object): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
  };
  const runWith = (environment: Record<string, string>, program: string, ...parameters: string[]): string => {
    const { status, stdout, stderr, error } = spawnSync(program, parameters, {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1", ...environment },
      timeout: LONGEST_MS,
      killSignal: "SIGKILL",
    });
    if (error !== undefined) throw error;
    if (status === 0) return stdout;
    throw new Error(`"${[program, ...parameters].join(" ")}" failed:\n${stdout}${stderr}`);
  };
  const run = (program: string, ...parameters: string[]): string => runWith({}, program, ...parameters);
  write("package.json", { name: "someone", version: "1.0.0", private: true, ...manifest });
  return {
    folder,
    write,
    run,
    runWith,
    install: (...packages) => void run("npm", "install", "--no-audit", "--no-fund", "--silent", ...packages),
  };
}

/** The packages in a `node_modules`, and their size on a disk with 4 KiB blocks. */
export function measure(folder: string): { packages: string[]; bytes: number } {
  const packages: string[] = [];
  let bytes = 0;
  const visit = (path: string, inPackages: boolean): void => {
    bytes += 4096;
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const its = join(path, entry.name);
      if (!entry.isDirectory()) bytes += Math.ceil(statSync(its).size / 4096) * 4096;
      else if (entry.name === "node_modules" || inPackages && entry.name.startsWith("@")) visit(its, true);
      else {
        if (inPackages && !entry.name.startsWith(".")) packages.push(entry.name);
        visit(its, false);
      }
    }
  };
  visit(folder, true);
  return { packages, bytes };
}
