import { fileURLToPath } from "node:url";
import { RUNTIMES as WRAPPED } from "../components/runtimes.ts";

const loader = fileURLToPath(new URL("../../node_modules/tsx/dist/loader.mjs", import.meta.url));

/** How each runtime is started so that a signal reaches the program itself: `tsx` is a process above it. */
export const RUNTIMES: Record<string, string[]> = { ...WRAPPED, node: ["node", "--import", loader] };
