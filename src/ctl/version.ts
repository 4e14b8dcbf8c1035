/** The version `diaspora-ctl --version` prints; a test holds it to `deno.json` and `package.json`. */
export const VERSION = "0.1.0";
