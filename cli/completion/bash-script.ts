import type { CommandOption } from "../command.ts";
import { GLOBAL_OPTIONS } from "../global-options.ts";
import { type CompletedCommand, isFileOption } from "./completed-command.ts";

/**
 * A script for bash 4 and later. It knows everything: nothing is started while somebody types.
 *
 * bash cuts words at "=" and ":" as well, so that `--level=wa` is three of them, and so is HOST:PORT.
 */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const firstWords = [...new Set(commands.map(({ name }) => name.split(" ")[0]!)), "help"];
  const groups = firstWords.filter((first) => commands.some(({ name }) => name.startsWith(`${first} `)));
  return `# bash completion of logpulse, made by: logpulse completion bash
_logpulse() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="" words="" at
  if [[ $current == "=" ]]; then current=""
  elif [[ $previous == "=" ]]; then previous="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      ${valueNames(GLOBAL_OPTIONS).join("|")})
        ((at++))
        [[ \${COMP_WORDS[at]} == "=" ]] && ((at++))
        while [[ \${COMP_WORDS[at+1]} == :* ]]; do ((at += 2)); done ;;
      -*) [[ -n $command && $command != help ]] && break ;;
      *)
        case "$command" in
          ""|help|${groups.map((first) => `${first}|"help ${first}"`).join("|")}) command="\${command:+$command }\${COMP_WORDS[at]}" ;;
          *) break ;;
        esac ;;
    esac
  done
  compopt +o default 2>/dev/null
  case "$command:$previous" in
${[{ name: "", options: GLOBAL_OPTIONS }, ...commands].flatMap(bashValueCases).join("\n")}
    *)
      case "$command" in
        ""|help) words="${firstWords.join(" ")}" ;;
${groups.map((first) => `        "${first}"|"help ${first}") words="${secondWords(first, commands)}" ;;`).join("\n")}
${commands.map(bashWordCase).join("\n")}
      esac
      [[ -z $command ]] && words+=" ${optionNames(GLOBAL_OPTIONS).join(" ")}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _logpulse logpulse
`;
}

function secondWords(first: string, commands: readonly CompletedCommand[]): string {
  return commands
    .filter(({ name }) => name.startsWith(`${first} `))
    .map(({ name }) => name.slice(first.length + 1))
    .join(" ");
}

/** What comes behind an option that takes a value. */
function bashValueCases({ name, options }: Pick<CompletedCommand, "name" | "options">): string[] {
  return options
    .filter(({ value }) => value !== undefined)
    .map((option) => {
      const patterns = valueNames([option]).map((given) => `"${name}:${given}"`);
      const offered = isFileOption(option)
        ? "compopt -o default; return"
        : `words="${(option.choices ?? []).join(" ")}"`;
      return `    ${patterns.join("|")}) ${offered} ;;`;
    });
}

function bashWordCase({ name, words, takesFiles, options }: CompletedCommand): string {
  const offered = [...words, ...optionNames(options)].join(" ");
  return `        "${name}") words="${offered}"${takesFiles ? "; [[ $current == -* ]] || { compopt -o default; return; }" : ""} ;;`;
}

function valueNames(options: readonly CommandOption[]): string[] {
  return optionNames(options.filter(({ value }) => value !== undefined));
}

function optionNames(options: readonly CommandOption[]): string[] {
  return options.flatMap(({ name, short }) => [...(short ? [`-${short}`] : []), `--${name}`]);
}
