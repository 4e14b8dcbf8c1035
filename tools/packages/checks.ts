import { join, resolve } from "node:path";
import process from "node:process";
import { IMPORTING, REQUIRING, TESTING, TYPED } from "./programs.ts";
import { esbuildOptionsOfPage, fileOfPage } from "./page.ts";
import { measure, type Project } from "./project.ts";

/** A check in an empty project: throws if it fails. */
export interface Check {
  name: string;
  /** Additions to the project's manifest. */
  manifest?: object;
  check(project: Project, tarball: string): void;
}

/** The README states both. */
const PACKAGES_MAX = 1;
const BYTES_MAX = 4_000_000;

/** The oldest supported Node, and the maintained release lines. They come from npm's package `node`. */
const NODES = ["20.9.0", "22", "24"];
/** The oldest supported Bun and Deno, besides those that run everything here. */
const BUNS = ["1.1.45"];
const DENOS = ["2.2.12"];

function expect(found: string, expected: string): void {
  if (found !== expected) {
    throw new Error(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
  }
}

function writePrograms({ write }: Project): void {
  write("importing.mjs", IMPORTING);
  write("requiring.cjs", REQUIRING);
}

const size: Check = {
  name: `a program on files gets ${PACKAGES_MAX} package of at most ${BYTES_MAX / 1e6} MB`,
  check: (project, tarball) => {
    project.install(tarball);
    const { packages, bytes } = measure(join(project.folder, "node_modules"));
    if (packages.length > PACKAGES_MAX) {
      throw new Error(`${packages.length} packages: ${packages.join(", ")}`);
    }
    if (bytes > BYTES_MAX) throw new Error(`${(bytes / 1e6).toFixed(1)} MB`);
  },
};

const onNodes = NODES.map((version): Check => ({
  name: `Node ${version}: import, require, the command`,
  check: (project, tarball) => {
    project.install(tarball, `node@${version}`);
    writePrograms(project);
    const node = join(project.folder, "node_modules/node/bin/node");
    expect(project.run(node, "importing.mjs"), "good\n");
    expect(project.run(node, "requiring.cjs"), "good\n");
    const command = "node_modules/@diaspora/stream/esm/cli.js";
    const where = ["--driver", "files", "--driver.root_path", "data"];
    project.run(node, command, "topic", "create", "--name", "t", ...where);
    expect(project.run(node, command, "topic", "list", ...where), "t\n");
  },
}));

const onBuns = ["", ...BUNS].map((version): Check => ({
  name: `Bun${version && ` ${version}`}: import, require`,
  check: (project, tarball) => {
    if (version !== "") project.install(`bun@${version}`);
    const bun = version === ""
      ? resolve("node_modules/.bin/bun")
      : join(project.folder, "node_modules/.bin/bun");
    project.run(bun, "add", tarball);
    writePrograms(project);
    expect(project.run(bun, "importing.mjs"), "good\n");
    expect(project.run(bun, "requiring.cjs"), "good\n");
  },
}));

const onDenos = ["", ...DENOS].map((version): Check => ({
  name: `Deno${version && ` ${version}`}: import, require`,
  check: (project, tarball) => {
    project.install(tarball, ...(version === "" ? [] : [`deno@${version}`]));
    writePrograms(project);
    const deno = version === "" ? process.execPath : join(project.folder, "node_modules/.bin/deno");
    for (const program of ["importing.mjs", "requiring.cjs"]) {
      expect(project.run(deno, "run", "-A", "--node-modules-dir=manual", program), "good\n");
    }
  },
}));

const RESOLUTIONS = [
  { module: "node16", files: ["program.mts", "program.cts"] },
  { module: "nodenext", files: ["program.mts", "program.cts"] },
  { module: "esnext", moduleResolution: "bundler", files: ["program.mts"] },
];

/** The oldest TypeScript that the README promises, and the newest. */
const types = ["5.2", "latest"].map((version): Check => ({
  name: `TypeScript ${version}: types, strictly, with nothing but defaults`,
  check: (project, tarball) => {
    project.install(tarball, `typescript@${version}`);
    for (const { files, ...options } of RESOLUTIONS) {
      for (const file of files) project.write(file, TYPED);
      const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false };
      const compilerOptions = { ...options, ...strict, target: "es2022", noEmit: true, types: [] };
      project.write("tsconfig.json", { files, compilerOptions });
      project.run("node", "node_modules/typescript/bin/tsc", "-p", ".");
    }
  },
}));

const bundlers: Check[] = [
  {
    name: "esbuild",
    manifest: { type: "module" },
    check: (project, tarball) => {
      project.install(tarball, "esbuild");
      writePrograms(project);
      for (const [program, format] of [["importing.mjs", "esm"], ["requiring.cjs", "cjs"]]) {
        const output = `dist/${program}`;
        project.run(
          "npx",
          "esbuild",
          program,
          ...esbuildOptionsOfPage(),
          `--format=${format}`,
          `--outfile=${output}`,
        );
        expect(project.run("node", output), "good\n");
      }
    },
  },
  {
    name: "webpack",
    check: (project, tarball) => {
      project.install(tarball, "webpack", "webpack-cli");
      project.write("program.mjs", IMPORTING);
      project.write("webpack.config.cjs", fileOfPage("webpack.config.cjs"));
      project.write("requiring.cjs", REQUIRING);
      for (const entry of ["program.mjs", "requiring.cjs"]) {
        const said = project.run("npx", "webpack", "--entry-reset", "--entry", `./${entry}`);
        if (/warning/i.test(said)) throw new Error(said);
        expect(project.run("node", "dist/program.mjs"), "good\n");
      }
    },
  },
  {
    name: "rollup",
    check: (project, tarball) => {
      const plugins = ["commonjs", "json", "node-resolve"].map((name) => `@rollup/plugin-${name}`);
      project.install(tarball, "rollup", ...plugins);
      project.write("program.mjs", IMPORTING);
      project.write("rollup.config.mjs", fileOfPage("rollup.config.mjs"));
      project.run("npx", "rollup", "-c");
      expect(project.run("node", "dist/program.mjs"), "good\n");
    },
  },
  {
    name: "vite",
    manifest: { type: "module" },
    check: (project, tarball) => {
      project.install(tarball, "vite");
      project.write("program.mjs", IMPORTING);
      project.run("npx", "vite", "build", "--ssr", "program.mjs", "--outDir", "dist");
      expect(project.run("node", "dist/program.js"), "good\n");
    },
  },
  {
    name: "vitest",
    manifest: { type: "module" },
    check: (project, tarball) => {
      project.install(tarball, "vitest");
      project.write("program.test.mjs", TESTING);
      project.write("fake_timers.test.mjs", fileOfPage("fake_timers.test.mjs"));
      project.run("npx", "vitest", "run", "--testTimeout=60000");
    },
  },
  {
    name: "jest, with import and require, and fake timers",
    check: (project, tarball) => {
      project.install(tarball, "jest");
      const test = fileOfPage("fake_timers.test.mjs").replace("vi }", "jest }").replace(
        '"vitest"',
        '"@jest/globals"',
      )
        .replaceAll("vi.use", "jest.use");
      project.write("importing.test.mjs", test);
      // Without the line that imports Jest, whose functions are globals.
      const bare = test.replace(/^import .* "@jest.*\n/m, "");
      const required = bare.replaceAll(/import (.*) from (.*);/g, "const $1 = require($2);");
      project.write("requiring.test.cjs", required);
      const matches = ["--testMatch", "**/*.test.?js"];
      project.runWith({ NODE_OPTIONS: "--experimental-vm-modules" }, "npx", "jest", ...matches);
    },
  },
];

const workers = ["cluster.mjs", "threads.mjs"].map((name): Check => ({
  name: `${name} of docs/bundlers.md`,
  check: (project, tarball) => {
    project.install(tarball);
    project.write(name, fileOfPage(name));
    expect(project.run("node", name), "[ 2000, 2000 ]\n");
  },
}));

const managers: Check[] = [
  {
    name: "yarn 1, on Node 20.9",
    check: (project, tarball) => {
      // In a separate folder: Yarn builds again what it finds in the project.
      const beside = `${project.folder}-tools`;
      project.run("npm", "install", "--silent", "--no-audit", "--prefix", beside, "yarn@1", "node@20.9.0");
      const environment = { PATH: `${join(beside, "node_modules/node/bin")}:${process.env["PATH"]}` };
      const yarn = join(beside, "node_modules/yarn/bin/yarn.js");
      project.runWith(environment, "node", yarn, "add", "--no-lockfile", `file:${tarball}`);
      writePrograms(project);
      expect(project.run("node", "importing.mjs"), "good\n");
    },
  },
  {
    name: "pnpm",
    check: (project, tarball) => {
      // From the last release line that runs on Node 20.
      project.run("npx", "--yes", "pnpm@9", "add", tarball);
      writePrograms(project);
      expect(project.run("node", "importing.mjs"), "good\n");
      expect(project.run("node", "requiring.cjs"), "good\n");
    },
  },
];

/** All checks. */
export const CHECKS: readonly Check[] = [
  size,
  ...onNodes,
  ...onBuns,
  ...onDenos,
  ...types,
  ...bundlers,
  ...workers,
  ...managers,
];
