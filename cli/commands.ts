import type { Command } from "./command.ts";

/** Every command, in the order of help. Loaded when it is asked for: a command starts with its own modules only. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  send: async () => (await import("./commands/send.ts")).send,
  search: async () => (await import("./commands/search.ts")).search,
  tail: async () => (await import("./commands/tail.ts")).tail,
  get: async () => (await import("./commands/get.ts")).get,
  stats: async () => (await import("./commands/stats.ts")).stats,
  top: async () => (await import("./commands/top.ts")).top,
  "dead list": async () => (await import("./commands/dead-list.ts")).deadList,
  "dead show": async () => (await import("./commands/dead-show.ts")).deadShow,
  "dead replay": async () => (await import("./commands/dead-replay.ts")).deadReplay,
  generate: async () => (await import("./commands/generate.ts")).generate,
  profile: async () => (await import("./commands/profile.ts")).profile,
  completion: async () => (await import("./commands/completion.ts")).completion,
};
