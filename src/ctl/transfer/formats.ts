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
