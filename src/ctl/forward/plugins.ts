import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { DataAllocator, DataSelector } from "../../../mod.ts";
import { absoluteModule, loadExport, parseModuleAndExport } from "../../components/modules.ts";
import { oneLine } from "../report.ts";
import { configError, type Plugin, type Policy } from "./config.ts";

/** The functions a policy uses. */
export interface Plugins {
  dataSelector?: DataSelector;
  dataAllocator?: DataAllocator;
}

/** Loads the functions a policy names; throws a {@linkcode UsageError} that names the line. */
export async function loadPlugins(policy: Policy, configPath: string): Promise<Plugins> {
  const plugins: Plugins = {};
  if (policy.dataSelector) {
    plugins.dataSelector = await load("data selector", policy.dataSelector, configPath) as DataSelector;
  }
  if (policy.dataAllocator) {
    plugins.dataAllocator = await load("data allocator", policy.dataAllocator, configPath) as DataAllocator;
  }
  return plugins;
}

async function load(what: string, { reference, line }: Plugin, configPath: string): Promise<unknown> {
  const parsed = parseModuleAndExport(reference);
  if (parsed === undefined) {
    throw configError(configPath, line, `a ${what} is MODULE:EXPORT, found "${reference}"`);
  }
  // Relative to the file first; the C++ tool would use the working directory.
  const beside = absoluteModule(parsed.module, dirname(configPath));
  const module = existsSync(beside) ? beside : absoluteModule(parsed.module);
  let loaded: unknown;
  try {
    loaded = await loadExport({
      what,
      module: existsSync(module) ? module : beside,
      exportName: parsed.exportName,
      acceptsDefault: false,
    });
  } catch (error) {
    throw configError(configPath, line, oneLine(error), error);
  }
  if (typeof loaded !== "function") {
    throw configError(configPath, line, `"${reference}" is not a function, but a ${typeof loaded}`);
  }
  return loaded;
}
