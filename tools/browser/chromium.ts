// Finds a browser, or downloads one from Debian and keeps it outside the repository for later runs.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FOLDER = join(tmpdir(), `diaspora-chromium-${process.arch}`);
const START_MS_MAX = 30_000;
const APT_MS_MAX = 180_000;
const HOW = "install Chromium, or say in CHROMIUM where it is";

/** A browser to start, with its environment; or why there is none. */
export type Chromium = { path: string; environment: Record<string, string> } | { missing: string };

/** Finds a browser: the one in `CHROMIUM`, an installed one, or one downloaded earlier. */
export function findChromium(): Chromium {
  const given = process.env["CHROMIUM"];
  if (given !== undefined) {
    return existsSync(given)
      ? { path: given, environment: {} }
      : { missing: `there is no "${given}", which CHROMIUM names` };
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const path = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => isFile(path) && starts(path, {}));
  if (path !== undefined) return { path, environment: {} };
  const failure = existsSync(FOLDER) ? undefined : fetchPackages();
  return failure === undefined ? unpacked(FOLDER) : { missing: `${failure}: ${HOW}` };
}

/** Whether it is a browser that runs here, and not a wrapper script for a package that is elsewhere. */
function starts(path: string, environment: Record<string, string>): boolean {
  const env = { ...process.env, ...environment };
  return spawnSync(path, ["--version"], { stdio: "ignore", timeout: START_MS_MAX, env }).status === 0;
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/**
 * Downloads Debian's package and the missing packages it depends on, and unpacks them without installing
 * anything, so no root rights are needed and the system does not change. Unpacks into a temporary folder that
 * is then renamed, so that other processes only find a complete one.
 */
function fetchPackages(): string | undefined {
  if (process.platform !== "linux" || !isFile("/usr/bin/apt-get") || !isFile("/usr/bin/dpkg-deb")) {
    return "no browser is installed";
  }
  const work = mkdtempSync(join(tmpdir(), "diaspora-chromium-fetch-"));
  try {
    const [lists, archives, tree] = ["lists", "archives", "tree"].map((name) => join(work, name));
    for (const folder of [lists, archives]) mkdirSync(join(folder, "partial"), { recursive: true });
    const apt = (...words: string[]): boolean =>
      run("apt-get", [
        ...["-y", "-q", "-o", "Debug::NoLocking=1", "-o", `Dir::State::lists=${lists}`],
        ...["-o", `Dir::Cache=${join(work, "cache")}`, "-o", `Dir::Cache::archives=${archives}`],
        // Root downloads as another user, who cannot access a temporary folder.
        ...["-o", "APT::Sandbox::User=root", ...words],
      ]);
    // Some package sources may not answer; what counts is whether the package is found.
    apt("update");
    if (!apt("install", "--no-install-recommends", "--download-only", "chromium")) {
      return "no browser is installed, and Debian's cannot be fetched";
    }
    const packages = readdirSync(archives).filter((name) => name.endsWith(".deb"));
    if (!packages.every((name) => run("dpkg-deb", ["-x", join(archives, name), tree]))) {
      return "no browser is installed, and Debian's cannot be unpacked";
    }
    const found = unpacked(tree);
    if ("missing" in found) return found.missing;
    try {
      renameSync(tree, FOLDER);
    } catch (error) {
      // Another run was faster.
      if (!existsSync(FOLDER)) throw error;
    }
    return undefined;
  } catch (error) {
    return `no browser is installed, and none could be fetched (${(error as Error).message})`;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(program: string, words: readonly string[]): boolean {
  const environment = { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(program, words, { stdio: "ignore", timeout: APT_MS_MAX, env: environment }).status === 0;
}

/** The browser in an unpacked tree, with the libraries that the system lacks. */
function unpacked(tree: string): Chromium {
  const path = join(tree, "usr/lib/chromium/chromium");
  if (!isFile(path)) return { missing: "no browser is installed, and Debian's package has none" };
  const parts = ["usr/lib", "lib"].map((name) => join(tree, name)).filter((folder) => existsSync(folder));
  const libraries = parts.flatMap((folder) =>
    readdirSync(folder).filter((name) => name.endsWith("-linux-gnu")).map((name) => join(folder, name))
  );
  const fonts = join(tree, "etc/fonts/fonts.conf");
  const environment = {
    LD_LIBRARY_PATH: [...libraries, ...libraries.map((folder) => join(folder, "pulseaudio"))].join(":"),
    // Fonts in the tree are found through the user's data folder.
    ...(existsSync(fonts) ? { FONTCONFIG_FILE: fonts, XDG_DATA_HOME: join(tree, "usr/share") } : {}),
  };
  return starts(path, environment)
    ? { path, environment }
    : { missing: `no browser is installed, and the one in "${tree}" does not start` };
}
