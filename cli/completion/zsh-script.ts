import type { CommandOption } from "../command.ts";
import { GLOBAL_OPTIONS } from "../global-options.ts";
import { type CompletedCommand, isFileOption } from "./completed-command.ts";

/** A script for zsh: a function for each command, and one that finds the command. It knows everything by itself. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  const firstWords = [...new Set(commands.map(({ name }) => name.split(" ")[0]!))];
  const groups = firstWords.filter((first) => commands.some(({ name }) => name.startsWith(`${first} `)));
  return `#compdef logpulse
# zsh completion of logpulse, made by: logpulse completion zsh

_logpulse() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C ${GLOBAL_OPTIONS.flatMap(zshOption).join(" ")} '1:command:->command' '*::word:->words'
  case $state in
    command)
      _values command ${firstWords.map((first) => zshCommand(first, commands)).join(" ")} 'help[what a command does]' ;;
    words)
      curcontext="\${curcontext%:*:*}:logpulse-$line[1]:"
      case $line[1] in
${firstWords.map((first) => `        ${first}) _logpulse_${first} ;;`).join("\n")}
        help)
          case "$CURRENT:$words[2]" in
            2:*) _values command ${firstWords.join(" ")} ;;
${groups.map((first) => `            3:${first}) _values command ${secondWords(first, commands).join(" ")} ;;`).join("\n")}
          esac ;;
      esac ;;
  esac
}

${groups.map((first) => zshGroup(first, commands)).join("\n")}
${commands.map(zshFunction).join("\n")}
if [[ $funcstack[1] == _logpulse ]]; then _logpulse "$@"; else compdef _logpulse logpulse; fi
`;
}

function zshCommand(first: string, commands: readonly CompletedCommand[]): string {
  const own = commands.find(({ name }) => name === first);
  return quoted(`${first}[${own ? plain(own.summary) : secondWords(first, commands).join(", ")}]`);
}

function secondWords(first: string, commands: readonly CompletedCommand[]): string[] {
  return commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name.split(" ")[1]!);
}

function zshGroup(first: string, commands: readonly CompletedCommand[]): string {
  const ofGroup = commands.filter(({ name }) => name.startsWith(`${first} `));
  const values = ofGroup.map(({ name, summary }) => quoted(`${name.split(" ")[1]}[${plain(summary)}]`));
  return `_logpulse_${first}() {
  if ((CURRENT == 2)); then _values command ${values.join(" ")}
  else
    local second="$words[2]"
    shift words
    ((CURRENT--))
    case $second in
${ofGroup.map(({ name }) => `      ${name.split(" ")[1]}) _logpulse_${name.replace(" ", "_")} ;;`).join("\n")}
    esac
  fi
}
`;
}

function zshFunction({ name, words, takesFiles, options }: CompletedCommand): string {
  const first = words.length > 0 ? [quoted(`1:word:(${words.join(" ")})`)] : [];
  const rest = takesFiles ? ["'*:file:_files'"] : ["'*:word:()'"];
  const specs = [...options.flatMap(zshOption), ...first, ...rest];
  return `_logpulse_${name.replace(" ", "_")}() {\n  _arguments ${specs.join(" ")}\n}\n`;
}

function zshOption(option: CommandOption): string[] {
  const { name, short, value, help, choices } = option;
  const offered = isFileOption(option) ? "_files" : choices ? `(${choices.join(" ")})` : " ";
  const behind = value === undefined ? "" : `:${plain(value)}:${offered}`;
  const spec = (given: string) => quoted(`${given}[${plain(help)}]${behind}`);
  return [...(short ? [spec(value ? `-${short}+` : `-${short}`)] : []), spec(value ? `--${name}=` : `--${name}`)];
}

/** Without the marks that mean something in a specification. */
function plain(text: string): string {
  return text.replace(/[[\]:\\]/g, " ").replaceAll("'", "’");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
