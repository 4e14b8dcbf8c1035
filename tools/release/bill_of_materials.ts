import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { IN_THE_PAGE, PACKAGES_INSIDE, referenceOf, withDependencies } from "../licences/notices.ts";
import { needsShell } from "./programs.ts";

/** One part in a bill of materials; the members of CycloneDX that are used here. */
export interface Component {
  "bom-ref": string;
  type: string;
  name: string;
  version: string;
  purl: string;
  licenses?: { license: { id: string } }[];
  hashes?: { alg: string; content: string }[];
}

/** A bill of materials as CycloneDX has it. */
export interface BillOfMaterials {
  bomFormat: "CycloneDX";
  specVersion: string;
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

/** Runtimes that a compiled program may carry, by the package that brings them here. */
export type RuntimeName = "bun" | "deno";

/** The runtime inside the compiled program. It comes here as a tool, so that npm's list lacks it. */
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
 * What the library and its command are made of: the packages that `package-lock.json` holds them to, with their
 * licences and sums, and the runtime inside the compiled program.
 */
export function billOfMaterials(runtime: RuntimeName): BillOfMaterials {
  const { status, stdout, stderr } = spawnSync("npm", [
    ...["sbom", "--package-lock-only", "--sbom-format", "cyclonedx", "--sbom-type", "library"],
  ], { encoding: "utf8", maxBuffer: 1 << 26, shell: needsShell("npm") });
  if (status !== 0) throw new Error(`Cannot make the bill of materials: ${stderr}`);
  const bill: BillOfMaterials = JSON.parse(stdout);
  // Tools come along in npm's list, and cannot be left out there: to npm the client of Kafka is one of them.
  const inside = new Set(withDependencies(PACKAGES_INSIDE).concat(IN_THE_PAGE).map(referenceOf));
  bill.components = bill.components.filter((component) => inside.has(component["bom-ref"]));
  const root = bill.metadata.component["bom-ref"];
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => ref === root || inside.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((name) => inside.has(name)) }));
  // npm takes the name of the folder.
  bill.metadata.component.name = JSON.parse(readFileSync("package.json", "utf8")).name;
  bill.components.push(runtimeComponent(runtime));
  return bill;
}
