import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { IN_THE_PAGE, PACKAGES_INSIDE, referenceOf, withDependencies } from "../licences/notices.ts";
import { needsShell } from "./programs.ts";

/** A component in a bill of materials; only the CycloneDX fields that are used here. */
export interface Component {
  "bom-ref": string;
  type: string;
  name: string;
  version: string;
  purl: string;
  licenses?: { license: { id: string } }[];
  hashes?: { alg: string; content: string }[];
}

/** A bill of materials in the CycloneDX format. */
export interface BillOfMaterials {
  bomFormat: "CycloneDX";
  specVersion: string;
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

/** Runtimes that a compiled program may contain, by the package that they come from. */
export type RuntimeName = "bun" | "deno";

/** The runtime in the compiled program. Here it is installed as a tool, so npm's list lacks it. */
function runtimeComponent(name: RuntimeName): Component {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const { version, license } = packages[`node_modules/${name}`];
  return {
    "bom-ref": `${name}@${version}`,
    type: "framework",
    name,
    version,
    purl: `pkg:npm/${name}@${version}`,
    licenses: [{ license: { id: license } }],
  };
}

/**
 * What the library and its command are made of: the packages pinned in `package-lock.json`, with their
 * licences and checksums, and the runtime in the compiled program.
 */
export function billOfMaterials(runtime: RuntimeName): BillOfMaterials {
  const { status, stdout, stderr } = spawnSync("npm", [
    ...["sbom", "--package-lock-only", "--sbom-format", "cyclonedx", "--sbom-type", "library"],
  ], { encoding: "utf8", maxBuffer: 1 << 26, shell: needsShell("npm") });
  if (status !== 0) throw new Error(`Cannot make the bill of materials: ${stderr}`);
  const bill: BillOfMaterials = JSON.parse(stdout);
  // npm's list includes tools, which cannot be left out there, because npm considers the Kafka client one of
  // them.
  const inside = new Set(withDependencies(PACKAGES_INSIDE).concat(IN_THE_PAGE).map(referenceOf));
  bill.components = bill.components.filter((component) => inside.has(component["bom-ref"]));
  const root = bill.metadata.component["bom-ref"];
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => ref === root || inside.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((name) => inside.has(name)) }));
  // npm uses the name of the folder.
  bill.metadata.component.name = JSON.parse(readFileSync("package.json", "utf8")).name;
  bill.components.push(runtimeComponent(runtime));
  return bill;
}
