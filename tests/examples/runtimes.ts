import { fileURLToPath } from "node:url";
import { RUNTIMES as WRAPPED } from "../components/runtimes.ts";

const loader = fileURLToPath(new URL("../../node_modules/tsx/dist/loader.mjs", import.meta.url));

/** How to start each runtime so that a signal reaches the program itself: `tsx` is its parent process. */
export const RUNTIMES: Record<string, string[]> = { ...WRAPPED, node: ["node", "--import", loader] };
