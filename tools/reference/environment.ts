/** The environment variables that are read, and what each means. A test looks for others in the source. */
export const ENVIRONMENT: Readonly<Record<string, { readBy: string; meaning: string }>> = {
  DIASPORA_DRIVER: { readBy: "the command", meaning: "Stands for `--driver`" },
  DIASPORA_DRIVER_CONFIG: {
    readBy: "the command",
    meaning: "Stands for `--driver-config`: a file, or a JSON object",
  },
  DIASPORA_CTL_DRIVER_OPTIONS: {
    readBy: "the command",
    meaning: "Driver options as on the command line, which wins",
  },
  DIASPORA_CONTEXT: {
    readBy: "the command",
    meaning: "Stands for `--context`: a driver with its options that `context` commands keep under a name",
  },
  DIASPORA_LOAD_MODULES: {
    readBy: "every driver",
    meaning: "Modules that stored topics may name, separated by commas, beside the option `load_modules`",
  },
  NO_COLOR: { readBy: "the command", meaning: "No colours on a terminal, whatever its value" },
  FORCE_COLOR: { readBy: "the command", meaning: "Colours everywhere, unless it is `0`" },
  TERM: { readBy: "the command", meaning: "`dumb` means no colours" },
  AWS_ACCESS_KEY_ID: { readBy: "`kafka` with `aws_msk_iam`", meaning: "Who asks for a token" },
  AWS_SECRET_ACCESS_KEY: { readBy: "`kafka` with `aws_msk_iam`", meaning: "The secret to it" },
  AWS_SESSION_TOKEN: { readBy: "`kafka` with `aws_msk_iam`", meaning: "The session, where there is one" },
};
