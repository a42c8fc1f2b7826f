import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { logpulse } from "./logpulse-command.ts";
import { havePseudoTerminal, inPseudoTerminal } from "./pseudo-terminal.ts";

const CASES: [words: string[], offered: string[]][] = [
  [["se"], ["send", "search"]],
  [["sear"], ["search"]],
  [
    ["dead", ""],
    ["list", "show", "replay"],
  ],
  [["dead", "re"], ["replay"]],
  [["search", "--le"], ["--level"]],
  [["search", "--level", "wa"], ["warn"]],
  [["search", "-l", "e"], ["error"]],
  [["--addr", "search:1", "tai"], ["tail"]],
  [["--addr", "search:1", "tail", "--le"], ["--level"]],
  [
    ["--color", "a"],
    ["auto", "always"],
  ],
  [["help", "de"], ["dead"]],
  [["help", "dead", "s"], ["show"]],
  [["dead", "list", "--state", "st"], ["stored"]],
  [["dead", "list", "--sta"], ["--state"]],
  [["profile", "re"], ["remove"]],
  [
    ["completion", ""],
    ["bash", "zsh", "fish"],
  ],
];

/** What bash alone takes apart in ways of its own. */
const OF_BASH: typeof CASES = [
  [["--addr=search:1", "tai"], ["tail"]],
  [["--addr", "[::1]:8080", "tai"], ["tail"]],
  [["search", "--level=wa"], ["warn"]],
  [["tail", "--color=al"], ["always"]],
];

/** Words as bash hands them to a completion: cut at some of the marks in COMP_WORDBREAKS, which are words themselves. */
const cut = (words: readonly string[]) =>
  words.flatMap((word) => (word === "" ? [""] : word.split(/([=:]+)/).filter((piece) => piece !== "")));

/** The same in fish and zsh, which complete one word where bash offers several. */
const ONE_ANSWER = CASES.filter(([, offered]) => offered.length === 1);

/** @throws Error instead of false, when CI is set: there a skipped test would pass for a green one. */
function has(shell: string): boolean {
  if (spawnSync(shell, ["--version"]).status === 0) return true;
  const message = `SKIPPED: ${shell} is not installed`;
  if (process.env.CI) throw new Error(message);
  console.warn(message);
  return false;
}

describe("completion", () => {
  it("of bash offers commands, options and their values", async () => {
    const { out: script, code } = await logpulse(["completion", "bash"]);
    expect(code).toBe(0);
    const cases = [...CASES, ...OF_BASH];
    const calls = cases.map(([words]) => {
      const pieces = cut(words);
      const typed = ["logpulse", ...pieces].map((word) => `'${word}'`).join(" ");
      return `COMP_WORDS=(${typed}); COMP_CWORD=${pieces.length}; COMPREPLY=(); _logpulse; echo "\${COMPREPLY[*]}"`;
    });
    const { stdout, stderr } = spawnSync("bash", ["--norc"], {
      input: [script, ...calls].join("\n"),
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const offered = stdout.trimEnd().split("\n");
    for (const [at, [words, expected]] of cases.entries()) {
      const own = offered[at]!.split(" ").filter((word) => !word.startsWith("-") || expected[0]!.startsWith("-"));
      expect([words, own]).toEqual([words, expected]);
    }
  });

  it.runIf(has("fish"))("of fish offers the same", async () => {
    const { out: script } = await logpulse(["completion", "fish"]);
    for (const [words, [expected]] of ONE_ANSWER) {
      const ask = `${script}\ncomplete -C "logpulse ${words.join(" ")}"`;
      const { stdout, stderr } = spawnSync("fish", ["--no-config", "-c", ask], { encoding: "utf8" });
      expect([words, stderr, stdout.split(/[\t\n]/)[0]]).toEqual([words, "", expected]);
    }
  });

  it.runIf(has("zsh") && havePseudoTerminal())("of zsh completes the same", { timeout: 120_000 }, async () => {
    const { out: script } = await logpulse(["completion", "zsh"]);
    const zsh = inPseudoTerminal(["zsh", "-f", "-i"], { columns: 200, env: { TERM: "xterm" } });
    await zsh.until(({ text }) => text !== "");
    const folder = mkdtempSync(join(tmpdir(), "logpulse-completion-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "script"), script);
    zsh.type(`autoload -Uz compinit; compinit -D -u; eval "$(cat ${folder}/script)"; PS1='> '; clear\r`);
    await zsh.until(({ text }) => text === ">");
    for (const [words, [expected]] of ONE_ANSWER) {
      zsh.type(`logpulse ${words.join(" ")}\t`);
      const whole = `> logpulse ${[...words.slice(0, -1), expected].join(" ")}`;
      await zsh.until(({ text }) => text.split("\n").some((line) => line.startsWith(whole)));
      zsh.type("\u0015"); // Ctrl-U: an empty line again.
      zsh.type("clear\r");
    }
  });

  it("is there for no other shell", async () => {
    const { code, err } = await logpulse(["completion", "tcsh"]);
    expect([code, err]).toEqual([2, 'logpulse: there is no completion for "tcsh"; there is one for bash, zsh, fish\n']);
  });
});
