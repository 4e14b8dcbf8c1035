import type { ExportFormat, ImportFormat } from "./contract.ts";

/** What `export --to` knows. A format is loaded when it is used. */
export const EXPORT_FORMATS: Readonly<Record<string, () => Promise<ExportFormat>>> = {
  jsonl: () => import("./jsonl/export.ts"),
  archive: () => import("./archive/export.ts"),
  "cpp-files": () => import("./cpp_files/export.ts"),
};

/** What `import --from` knows. */
export const IMPORT_FORMATS: Readonly<Record<string, () => Promise<ImportFormat>>> = {
  jsonl: () => import("./jsonl/import.ts"),
  archive: () => import("./archive/import.ts"),
  "cpp-files": () => import("./cpp_files/import.ts"),
};
