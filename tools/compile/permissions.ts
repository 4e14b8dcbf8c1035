/**
 * The permissions of the compiled program, as flags of `deno compile`. Users name the files, so reading and
 * writing are not restricted; everything else is as narrow as the commands allow. (Deno opens special files
 * such as `/dev/full` only for programs with all permissions.)
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-read",
  "--allow-write",
  // The whole environment is searched for DIASPORA_…, NO_COLOR and the terminal's variables.
  "--allow-env",
  // Brokers of the Kafka driver; the web page of `diaspora-ctl ui`.
  "--allow-net",
  // Named pipes of `fifo`, for which no runtime has an API; a second process for `doctor`; and the program
  // itself, found on the PATH, for `bench`, which measures in separate processes.
  "--allow-run=mkfifo,dd,diaspora-ctl",
  // Free space and type of the file system for `doctor`; the machine's properties for `bench`.
  "--allow-sys=statfs,cpus,systemMemoryInfo,osRelease",
  "--no-prompt",
];
