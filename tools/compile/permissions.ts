/**
 * What the compiled program may do, as flags of `deno compile`. Files are the user's to name, so reading and
 * writing have no bounds; everything else is as narrow as the commands allow. (Deno opens special files such as
 * `/dev/full` only for programs that may do everything.)
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-read",
  "--allow-write",
  // The whole environment is looked at for DIASPORA_…, NO_COLOR and the terminal's variables.
  "--allow-env",
  // Brokers of the Kafka driver; the page of `diaspora-ctl ui`.
  "--allow-net",
  // Named pipes of `fifo`, for which no runtime has a call; another process for `doctor` to look at; and the
  // program itself, where it is on the PATH, for `bench`, which measures in processes of their own.
  "--allow-run=mkfifo,dd,diaspora-ctl",
  // Free space and kind of the file system for `doctor`; what figures were measured on, for `bench`.
  "--allow-sys=statfs,cpus,systemMemoryInfo,osRelease",
  "--no-prompt",
];
