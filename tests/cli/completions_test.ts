import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import { ctl, run, withFolder } from "./program.ts";

/** Why a shell's test cannot run here. */
function missing(shell: string): string | false {
  return spawnSync(shell, ["-c", "exit 0"]).status === 0 ? false : `${shell} is not installed`;
}

/** Command lines up to the cursor, with a word that must be offered, and one that must not. */
const CASES: readonly (readonly [words: readonly string[], offered: string, not: string])[] = [
  [["to"], "topic", "consume"],
  [["topic", "cr"], "create", "list"],
  [["topic", ""], "trim", "consume"],
  [["t", "cr"], "create", "list"],
  [["c", "see"], "seek", "lag"],
  [["consume", "--fo"], "--follow", "--from"],
  [["topic", "create", "--topic-c"], "--topic-config", "--driver"],
  [["topic", "list", "--driver", "f"], "files", "memory"],
  [["produce", "--format", ""], "base64", "json-lines"],
  [["completions", "b"], "bash", "zsh"],
  [["bench", "p"], "produce", "[produce"],
];

async function scriptFor(shell: string, folder: string): Promise<string> {
  const { code, stdout } = await ctl(["completions", shell]);
  assertEquals(code, 0);
  const path = join(folder, shell === "zsh" ? "_diaspora-ctl" : "completions");
  writeFileSync(path, stdout);
  return path;
}

test("completions work in bash", { skip: missing("bash") }, async () => {
  await withFolder(async ({ folder }) => {
    const script = await scriptFor("bash", folder);
    for (const [words, offered, not] of CASES) {
      const line = ["diaspora-ctl", ...words].map((word) => `'${word}'`).join(" ");
      const source = `source '${script}'; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _diaspora_ctl; ` +
        'printf "%s\\n" "${COMPREPLY[@]}"';
      const { stdout, stderr } = await run(["bash", "--norc", "-c", source]);
      const replies = stdout.trimEnd().split("\n");
      assertEquals(
        [replies.includes(offered), replies.includes(not)],
        [true, false],
        `${line}: ${stdout}${stderr}`,
      );
    }
  });
});

test("completions work in zsh", { skip: missing("zsh") }, async () => {
  await withFolder(async ({ folder }) => {
    await scriptFor("zsh", folder);
    for (const [words, offered, not] of CASES) {
      // A shell on a separate terminal, which gets the keys that a user would press.
      const line = ["diaspora-ctl", ...words].join(" ");
      const source = `
        zmodload zsh/zpty
        zpty shell 'zsh -f -i'
        zpty -w shell 'fpath=("${folder}" $fpath); autoload -Uz compinit; compinit -u -D; PS1=; setopt no_list_ambiguous; zstyle ":completion:*" list-colors ""; zstyle ":completion:*" menu no; stty -echo; print re""ady'
        zpty -r -m shell out '*ready*'
        zpty -w -n shell $'${line}\\t\\t'
        zpty -r -m shell out '*${offered}*'
        sleep 0.2
        while zpty -r -t shell more; do out+=$more; done
        print -r -- "$out"`;
      const { stdout } = await run(["timeout", "120", "zsh", "-f", "-c", source], {
        environment: { TERM: "xterm", LINES: "200" },
      });
      assertStringIncludes(stdout, offered, `${line}: ${stdout}`);
      assertEquals(stdout.replace(line, "").includes(not), false, `${line}: ${stdout}`);
    }
  });
});

test("completions work in fish", { skip: missing("fish") }, async () => {
  await withFolder(async ({ folder }) => {
    const script = await scriptFor("fish", folder);
    for (const [words, offered, not] of CASES) {
      const line = ["diaspora-ctl", ...words].join(" ");
      const source = `source '${script}'; complete -C '${line}'`;
      const { stdout, stderr } = await run(["fish", "--no-config", "-c", source], {
        environment: { HOME: folder },
      });
      const replies = stdout.trimEnd().split("\n").map((reply) => reply.split("\t")[0]);
      assertEquals(
        [replies.includes(offered), replies.includes(not)],
        [true, false],
        `${line}: ${stdout}${stderr}`,
      );
    }
  });
});

test("every script mentions every command", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout } = await ctl(["completions", shell]);
    for (const word of ["create", "describe", "produce", "consume", "fifo", "forward", "doctor", "export"]) {
      assertStringIncludes(stdout, word);
    }
  }
});
