import { CALL_MS_DEFAULT, CALL_MS_MAX, CALL_MS_MIN } from "../services/domain/limits.ts";
import type { OptionValues } from "./command.ts";
import { COLOR_CHOICES } from "./global-options.ts";
import { choiceOption, durationOption } from "./option-values.ts";
import { profileAddress } from "./profiles.ts";
import { ADDRESS_USUAL, requireAddress } from "./server-address.ts";

/** What the options of all commands say, but for the server's address. */
export interface CommandSettings {
  color: (typeof COLOR_CHOICES)[number];
  zone: "local" | "utc";
  isJson: boolean;
  isPlain: boolean;
  isQuiet: boolean;
  /** Whether people may be asked where there are any. */
  mayAsk: boolean;
  timeoutMs: number;
}

/** Those of a command line without options. */
export const USUAL_SETTINGS: CommandSettings = {
  color: "auto",
  zone: "local",
  isJson: false,
  isPlain: false,
  isQuiet: false,
  mayAsk: true,
  timeoutMs: CALL_MS_DEFAULT,
};

/** @throws CommandFailure naming the option, its value and what is wanted. */
export function readSettings(options: OptionValues): CommandSettings {
  return {
    color: choiceOption(options, "color", COLOR_CHOICES) ?? "auto",
    zone: options.utc ? "utc" : "local", // Not with --plain: that is how data is written, this also how times are read.
    isJson: options.json === true,
    isPlain: options.plain === true,
    isQuiet: options.quiet === true,
    mayAsk: options["no-input"] !== true,
    timeoutMs: durationOption(options, "timeout", CALL_MS_MIN, CALL_MS_MAX) ?? CALL_MS_DEFAULT,
  };
}

/**
 * The server's host:port: of `--addr`, `--profile`, LOGPULSE_ADDR, the profile in use; else the usual one.
 *
 * @throws CommandFailure where what is said there is no address, or there is no such profile.
 */
export function readAddress(options: OptionValues, environment: NodeJS.ProcessEnv): string {
  if (typeof options.addr === "string") return requireAddress("--addr", options.addr);
  const ofOption = typeof options.profile === "string" ? profileAddress(environment, options.profile) : undefined;
  if (ofOption !== undefined) return ofOption;
  if (environment.LOGPULSE_ADDR) return requireAddress("LOGPULSE_ADDR", environment.LOGPULSE_ADDR);
  return profileAddress(environment, undefined) ?? ADDRESS_USUAL;
}
