import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import process from "node:process";
import { isObject, type JsonObject, type JsonValue } from "../../json.ts";
import { nearestName } from "../../options.ts";
import { errnoOf } from "../../storage/errno.ts";
import { reasonOf } from "../../storage/storage_error.ts";
import { parseDocument } from "../args/document.ts";
import type { Environment } from "../args/environment.ts";
import { UsageError } from "../usage_error.ts";
import { maskedText } from "../../secrets.ts";

/** No operation takes longer; an older lock was left by a process that ended. */
const LOCK_MS_MAX = 5000;

/** A named driver configuration. */
interface Context {
  driver: string;
  options: JsonObject;
}

/** All contexts. */
interface Contexts {
  /** The one used if nothing else specifies a driver. */
  current?: string;
  byName: Map<string, Context>;
}

/** The user's contexts: one JSON file in the configuration folder, readable only by the user. */
export class ContextFile {
  /** Its location, whether it exists or not. */
  readonly path: string;

  /** `home` returns the home folder of a user without HOME, or throws. */
  constructor(environment: Environment, home: () => string = homedir) {
    this.path = join(configurationFolder(environment, home), "diaspora-ctl", "contexts.json");
  }

  /** Reads it; a missing file means no contexts. Throws {@linkcode UsageError} for an invalid file. */
  read(): Contexts {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (cause) {
      if (["ENOENT", "ENOTDIR"].includes(errnoOf(cause))) return { byName: new Map() };
      throw new UsageError(`Cannot read the contexts in "${this.path}": ${reasonOf(cause)}`, { cause });
    }
    const { current, contexts = {} } = parseDocument(text, `"${this.path}"`);
    const isName = current === undefined || typeof current === "string";
    if (!isName || !isObject(contexts)) throw this.#malformed();
    return {
      ...(current === undefined ? {} : { current }),
      byName: new Map(Object.entries(contexts).map(([name, value]) => [name, this.#contextOf(value)])),
    };
  }

  /** The context of that name; throws {@linkcode UsageError} with the nearest name if there is none. */
  get(name: string): Context {
    const { byName } = this.read();
    const found = byName.get(name);
    if (found !== undefined) return found;
    const meant = nearestName(name, [...byName.keys()]);
    const remedy = meant === undefined
      ? 'add it with "diaspora-ctl context add", or see "diaspora-ctl context list"'
      : `did you mean "${meant}"?`;
    throw new UsageError(`Unknown context "${name}": ${remedy}`);
  }

  /**
   * Changes it. Concurrent changes by several processes are serialized; a reader sees either state, never a mix.
   */
  async change(change: (contexts: Contexts) => void): Promise<void> {
    const draft = `${this.path}.new`;
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      await claim(draft);
    } catch (cause) {
      throw new UsageError(`Cannot save the contexts in "${this.path}": ${reasonOf(cause)}`, { cause });
    }
    try {
      const contexts = this.read();
      change(contexts);
      const { current, byName } = contexts;
      const document = {
        ...(current === undefined ? {} : { current }),
        contexts: Object.fromEntries(byName),
      };
      writeFileSync(draft, `${JSON.stringify(document, null, 2)}\n`);
      chmodSync(draft, 0o600);
      renameSync(draft, this.path);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  }

  #contextOf(value: JsonValue): Context {
    if (!isObject(value)) throw this.#malformed();
    const { driver, options = {} } = value;
    if (typeof driver !== "string" || !isObject(options)) throw this.#malformed();
    return { driver, options };
  }

  #malformed(): UsageError {
    return new UsageError(
      `Malformed contexts in "${this.path}": expected {"current": NAME, "contexts": {NAME: {"driver": …, "options": {…}}}}`,
    );
  }
}

/** Waits until no other process is changing the file. */
async function claim(draft: string): Promise<void> {
  for (;;) {
    try {
      return writeFileSync(draft, "", { flag: "wx", mode: 0o600 });
    } catch (cause) {
      if (errnoOf(cause) !== "EEXIST") throw cause;
      if (ageMs(draft) > LOCK_MS_MAX) rmSync(draft, { force: true });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** As specified by XDG, which only allows absolute paths; on Windows the roaming folder. */
function configurationFolder(environment: Environment, home: () => string): string {
  const { XDG_CONFIG_HOME: xdg, APPDATA: roaming, HOME: named } = environment;
  if (xdg !== undefined && isAbsolute(xdg)) return xdg;
  if (process.platform === "win32" && roaming) return roaming;
  return join(named || homeOfUser(home), ".config");
}

/** The root folder, as Docker sets it, for a user whom the system does not know. */
function homeOfUser(home: () => string): string {
  try {
    return home() || "/";
  } catch {
    return "/";
  }
}

/** The location of a store according to the options of its driver; empty if they do not say. */
export function storeLocation({ root_path: rootPath, kafka }: JsonObject): string {
  if (typeof rootPath === "string") return rootPath;
  if (!isObject(kafka)) return "";
  // Nested on the command line, or under its full name in a file.
  const servers = kafka["bootstrap.servers"] ??
    (isObject(kafka.bootstrap) ? kafka.bootstrap.servers : undefined);
  return servers === undefined || servers === null ? "" : maskedText(String(servers));
}
