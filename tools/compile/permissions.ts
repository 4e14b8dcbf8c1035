/**
 * What the compiled program may do, as flags of `deno compile`. Files are the user's to name, so reading and
 * writing have no bounds; everything else is as narrow as the commands allow.
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-read",
  "--allow-write",
  // The whole environment is looked at for DIASPORA_…, NO_COLOR and the terminal's variables.
  "--allow-env",
  // Brokers of the Kafka driver; the page of `diaspora-ctl ui`.
  "--allow-net",
  // Named pipes of `fifo`, for which no runtime has a call.
  "--allow-run=mkfifo",
  "--no-prompt",
];
