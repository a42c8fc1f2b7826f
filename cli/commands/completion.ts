import type { Command } from "../command.ts";

/** Completion of the command line. */
export const completion: Command = {
  name: "completion",
  summary: "prints a script with which a shell completes commands, options and their values",
  usage: "bash|zsh|fish",
  examples: [
    { line: 'eval "$(logpulse completion bash)"', what: "in ~/.bashrc" },
    { line: 'eval "$(logpulse completion zsh)"', what: "in ~/.zshrc, behind compinit" },
    { line: "logpulse completion fish | source", what: "in ~/.config/fish/config.fish" },
  ],
  options: [],
  words: { min: 1, max: 1 },
  isLocal: true,
  run: async (context) => (await import("../completion/run-completion.ts")).runCompletion(context),
};
