import { UsageError } from "../usage_error.ts";
import type { ExportFormat, ImportFormat } from "./contract.ts";

/** The formats of `export --to`, loaded on first use. */
export const EXPORT_FORMATS: Readonly<Record<string, () => Promise<ExportFormat>>> = {
  jsonl: () => import("./jsonl/export.ts"),
  archive: () => import("./archive/export.ts"),
  "cpp-files": () => import("./cpp_files.ts"),
};

/** The formats of `import --from`. */
export const IMPORT_FORMATS: Readonly<Record<string, () => Promise<ImportFormat>>> = {
  jsonl: () => import("./jsonl/import.ts"),
  archive: () => import("./archive/import.ts"),
  "cpp-files": () => import("./cpp_files.ts"),
};

/** Loads the format that an option names. */
export function formatOf<F>(
  option: string,
  name: string,
  formats: Readonly<Record<string, () => Promise<F>>>,
): Promise<F> {
  const load = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (load !== undefined) return load();
  throw new UsageError(`Unknown format "${name}" of "${option}": one of ${Object.keys(formats).join(", ")}`);
}
