/** The environment variables that are read, and their meaning. A test searches the source for others. */
export const ENVIRONMENT: Readonly<Record<string, { readBy: string; meaning: string }>> = {
  DIASPORA_DRIVER: { readBy: "the command", meaning: "Same as `--driver`" },
  DIASPORA_DRIVER_CONFIG: {
    readBy: "the command",
    meaning: "Same as `--driver-config`: a file, or a JSON object",
  },
  DIASPORA_CTL_DRIVER_OPTIONS: {
    readBy: "the command",
    meaning: "Driver options as on the command line, which takes precedence",
  },
  DIASPORA_CONTEXT: {
    readBy: "the command",
    meaning: "Same as `--context`: the name of a driver with its options, saved with the `context` commands",
  },
  DIASPORA_LOAD_MODULES: {
    readBy: "every driver",
    meaning: "Comma-separated modules that stored topics may name, in addition to the option `load_modules`",
  },
  NO_COLOR: { readBy: "the command", meaning: "Disables colours on a terminal, whatever its value" },
  FORCE_COLOR: { readBy: "the command", meaning: "Enables colours everywhere, unless it is `0`" },
  TERM: { readBy: "the command", meaning: "`dumb` disables colours" },
  AWS_ACCESS_KEY_ID: { readBy: "`kafka` with `aws_msk_iam`", meaning: "Access key id that requests a token" },
  AWS_SECRET_ACCESS_KEY: {
    readBy: "`kafka` with `aws_msk_iam`",
    meaning: "Secret key for that access key id",
  },
  AWS_SESSION_TOKEN: { readBy: "`kafka` with `aws_msk_iam`", meaning: "Session token, if there is one" },
};
