import type { JsonValue } from "./json.ts";

/** Replaces a secret wherever options are shown. */
const HIDDEN = "***";

/** Names with these endings are secrets; `password_env` and `password_file` only say where to find one. */
const SECRET_WORDS = [
  "password",
  "passwords",
  "passwd",
  "passphrase",
  "pwd",
  "secret",
  "secrets",
  "token",
  "credential",
  "credentials",
  "authorization",
  "apikey",
];
/** Words from this length on are known when they are mistyped, too: the log comes before the error. */
const MISSPELT_LENGTH = 6;
/**
 * A name ending in "key" is a secret only after one of these words; other keys are public, or parts of a record.
 */
const SECRET_KEYS = ["api", "access", "private", "secret", "encryption", "signing", "auth", "shared", "ssl"];
/** Secrets whose names do not match the patterns above. */
const SECRET_NAMES = [
  "key.pem",
  "keystore.key",
  "sasl.jaas.config",
  "sasl.oauthbearer.config",
  "sasl.oauthbearer.extensions",
];
/** `password=…` and the like in a text, and credentials in a URL. */
const ASSIGNMENT =
  /((?:pass(?:word|wd|phrase)|pwd|secret|token|credential|authorization|api_?key|key\.pem)s?\\?["']?\s*[=:]\s*)\S[\s\S]*/i;
const LOGIN = /(:\/\/|(?:^|[\s",])[^\s",/@:]*:(?!\/\/))[^\s"]*@/g;
const PEM = /-----BEGIN[\s\S]*/;

/**
 * Whether an option is a secret by its name; `path` has dots between the keys of nested objects. `marked` are
 * additional names that a driver declares as secrets.
 */
export function isSecret(path: string, marked: readonly string[] = []): boolean {
  const lower = path.toLowerCase();
  const isNamed = (name: string): boolean => lower === name || lower.endsWith(`.${name}`);
  if (SECRET_NAMES.some(isNamed) || marked.some((name) => isNamed(name.toLowerCase()))) return true;
  const words = path.split(".").pop()!.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase()
    .replace(/\d+$/, "").split(/[-_\s]+/).filter((word) => word !== "");
  const [before, last] = [words.at(-2), words.at(-1)];
  if (last === undefined) return false;
  return SECRET_WORDS.some((word) => word === last || word.length >= MISSPELT_LENGTH && isSlip(last, word)) ||
    last === "key" && before !== undefined && SECRET_KEYS.includes(before);
}

/** Whether a word was meant, and mistyped: one letter too many, too few or wrong, or two that changed places. */
function isSlip(typed: string, word: string): boolean {
  const shorter = Math.min(typed.length, word.length);
  let start = 0;
  while (start < shorter && typed[start] === word[start]) start++;
  let end = 0;
  while (end < shorter - start && typed.at(-1 - end) === word.at(-1 - end)) end++;
  const one = typed.slice(start, typed.length - end);
  const other = word.slice(start, word.length - end);
  return one.length <= 1 && other.length <= 1 || one.length === 2 && one === `${other[1]}${other[0]}`;
}

/** The value with its secrets hidden, whatever their types: for everything that shows options. */
export function withoutSecrets(value: JsonValue, marked: readonly string[] = [], path = ""): JsonValue {
  if (path !== "" && isSecret(path, marked)) return HIDDEN;
  if (typeof value === "string") return maskedText(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, marked, path));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      withoutSecrets(inner, marked, path === "" ? key : `${path}.${key}`),
    ]),
  );
}

/** Arbitrary text with everything that looks like a secret hidden. */
export function maskedText(text: string): string {
  return text.replace(PEM, HIDDEN).replace(ASSIGNMENT, `$1${HIDDEN}`).replace(LOGIN, `$1${HIDDEN}@`);
}

/** An address without its query, which may be a secret. */
export function withoutQuery(url: string): string {
  return url.replace(/\?[\s\S]*$/, `?${HIDDEN}`);
}

/** Text from elsewhere, e.g. a response, without the secrets that were sent there. */
export function withoutValues(text: string, secrets: readonly (string | undefined)[]): string {
  return secrets.reduce<string>(
    (shown, secret) => secret === undefined || secret === "" ? shown : shown.replaceAll(secret, HIDDEN),
    text,
  );
}

/** The type of a value, shown in place of a secret of the wrong type. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (value === "") return "an empty text";
  return typeof value === "string" ? "this text" : `a ${typeof value}`;
}
