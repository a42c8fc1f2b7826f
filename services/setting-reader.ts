import { isIP } from "node:net";
import { type DropRule, parseDropRules } from "./domain/drop-rules.ts";
import { SETTINGS, type SettingName } from "./settings.ts";

const PATH_CHARACTERS_MAX = 1_000;
const COMMAND_LINE_NAME = "LOGPULSE_ADDR"; // Of the command line; the server may be started in the same shell.

/** Variables by name, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads single settings and collects what is wrong with them. */
export class SettingReader {
  readonly mistakes: string[] = [];
  private readonly env: Environment;

  constructor(env: Environment) {
    this.env = env;
  }

  /** Notes what is wrong with the value that is in force, set or not. */
  mistake(name: SettingName, wanted: string): void {
    this.mistakes.push(`${name} is "${hidePassword(this.text(name))}"; it must be ${wanted}`);
  }

  /** A misspelt LOGPULSE_ variable would otherwise be silently without effect. */
  unknownNames(): void {
    for (const name of Object.keys(this.env)) {
      if (name.startsWith("LOGPULSE_") && !Object.hasOwn(SETTINGS, name) && name !== COMMAND_LINE_NAME) {
        this.mistakes.push(`${name} is not a setting; the settings are in README.md`);
      }
    }
  }

  /** False where it is missing or empty. */
  isSet(name: SettingName): boolean {
    return Boolean(this.env[name]);
  }

  wholeNumber(name: SettingName, min: number, max: number): number {
    const text = this.text(name);
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) this.mistake(name, `a whole number from ${min} to ${max}`);
    return value;
  }

  share(name: SettingName): number {
    const text = this.text(name);
    const value = /^(0|1|[01]?\.\d{1,15})$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= 0 && value <= 1)) this.mistake(name, "a number from 0 to 1, like 0.01");
    return value;
  }

  oneOf<T extends string>(name: SettingName, known: readonly T[]): T {
    const value = this.text(name) as T;
    if (!known.includes(value)) this.mistake(name, `one of ${known.join(", ")}`);
    return value;
  }

  someOf<T extends string>(name: SettingName, known: readonly T[]): readonly T[] {
    const values = [...new Set(this.list(name))] as T[];
    if (values.some((value) => !known.includes(value)))
      this.mistake(name, `some of ${known.join(", ")}, apart by commas`);
    return values;
  }

  onOff(name: SettingName): boolean {
    return this.oneOf(name, ["on", "off"]) === "on";
  }

  list(name: SettingName): string[] {
    return this.text(name)
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }

  name(name: SettingName): string {
    const value = this.text(name);
    if (!/^[a-z][a-z0-9-]{0,99}$/.test(value)) this.mistake(name, "a lower-case name of letters, digits and -");
    return value;
  }

  address(name: SettingName): { host: string; port: number } {
    const value = this.text(name);
    const parts = /^(\[[0-9a-fA-F:]+\]|[^:]+):(\d{1,5})$/.exec(value);
    const port = Number(parts?.[2]);
    if (!parts || port > 65_535) this.mistake(name, "host:port, like 127.0.0.1:8080");
    return { host: (parts?.[1] ?? "").replace(/^\[|\]$/g, ""), port };
  }

  addresses(name: SettingName): string[] {
    const values = this.list(name);
    if (values.length === 0 || values.some((value) => !/^[^:\s]+:\d{1,5}$/.test(value))) {
      this.mistake(name, "host:port, several apart by commas");
    }
    return values;
  }

  proxies(name: SettingName): string[] {
    const values = this.list(name);
    const valid = (value: string) => {
      const [address = "", bits] = value.split("/");
      const version = isIP(address);
      return (
        version !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
      );
    };
    if (!values.every(valid)) this.mistake(name, "addresses or CIDR ranges, apart by commas, like 10.0.0.0/8");
    return values;
  }

  path(name: SettingName): string {
    const value = this.text(name);
    if (value.includes("\0") || value.length > PATH_CHARACTERS_MAX) {
      this.mistake(name, `a path of a folder, at most ${PATH_CHARACTERS_MAX} characters`);
    }
    return value;
  }

  url(name: SettingName, protocols: readonly string[]): string {
    const value = this.text(name);
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (!url || !protocols.includes(url.protocol))
      this.mistake(name, `a URL that begins with ${protocols.join("// or ")}//`);
    return value;
  }

  dropRules(name: SettingName): DropRule[] {
    try {
      return parseDropRules(this.text(name));
    } catch (reason) {
      this.mistake(name, `a list of drop rules: ${(reason as Error).message}`);
      return [];
    }
  }

  private text(name: SettingName): string {
    return this.env[name] || SETTINGS[name].usual;
  }
}

/** A URL's password must not come back in an error. */
function hidePassword(value: string): string {
  return value.replace(/(:\/\/[^:/@]*:)[^@]*@/, "$1***@");
}
