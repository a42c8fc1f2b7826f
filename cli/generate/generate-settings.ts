import {
  GENERATE_RECORDS_MAX,
  GENERATE_REQUESTS_PER_SECOND_MAX,
  GENERATE_REQUESTS_PER_SECOND_MIN,
  GENERATE_RUN_MS_MAX,
  RECORDS_PER_BATCH_MAX,
} from "../../services/domain/limits.ts";
import type { OptionValues } from "../command.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { choiceOption, durationOption, textOption, wholeNumberOption } from "../option-values.ts";
import type { ErrorShares } from "./access-draw.ts";
import type { RecordKind } from "./record-source.ts";

/** What is generated, how much of it, and where it goes. */
export interface GenerateSettings {
  requestsPerSecond: number;
  recordsPerRequest: number;
  shares: ErrorShares;
  kind: RecordKind;
  via: "rest" | "grpc";
  /** Undefined: one is drawn. */
  seed: number | undefined;
  recordsMax: number | undefined;
  durationMs: number | undefined;
  /** Where requests go; by gRPC only its host counts. */
  target: URL;
}

/** Choices of `--kind`. */
export const KINDS = ["access", "application"] as const;
/** Choices of `--via`. */
export const WAYS = ["rest", "grpc"] as const;

const SEED_MAX = 2 ** 32 - 1;
const PATHS = { access: "/upload", application: "/v1/logs:write" };

type Environment = Readonly<Record<string, string | undefined>>;

/** A value as it was given, and where: `--rate` or `RPS`. */
interface Given {
  name: string;
  text: string;
}

/**
 * Options win over the variables that system B's generator reads; one that is set but empty counts as not set.
 *
 * `address`: host:port of the connection, as `--addr`, LOGPULSE_ADDR and profiles have it; TARGET_API_URL wins over these but
 * for `--addr`.
 *
 * @throws CommandFailure naming the setting, its value and what is wanted.
 */
export function readGenerateSettings(
  options: OptionValues,
  environment: Environment,
  address: string,
): GenerateSettings {
  const given = (option: string, variable: string) => givenText(options, environment, option, variable);
  const kind = choiceOption(options, "kind", KINDS) ?? "access";
  return {
    requestsPerSecond: numberFrom(given("rate", "RPS"), 50, {
      min: GENERATE_REQUESTS_PER_SECOND_MIN,
      max: GENERATE_REQUESTS_PER_SECOND_MAX,
    }),
    recordsPerRequest: numberFrom(given("batch", "QTY_IN_BATCH"), 100, {
      min: 1,
      max: RECORDS_PER_BATCH_MAX,
      isWhole: true,
    }),
    shares: readShares(
      numberFrom(given("client-errors", "CLIENT_ERROR_FREQ"), 0.05, { min: 0, max: 1 }),
      numberFrom(given("server-errors", "SERVER_ERROR_FREQ"), 0.01, { min: 0, max: 1 }),
    ),
    kind,
    via: choiceOption(options, "via", WAYS) ?? (kind === "access" ? "rest" : "grpc"),
    seed: wholeNumberOption(options, "seed", 0, SEED_MAX),
    recordsMax: wholeNumberOption(options, "count", 1, GENERATE_RECORDS_MAX),
    durationMs: durationOption(options, "for", 1, GENERATE_RUN_MS_MAX),
    target: readTarget(options.addr === undefined ? environment.TARGET_API_URL : undefined, address, PATHS[kind]),
  };
}

function givenText(
  options: OptionValues,
  environment: Environment,
  option: string,
  variable: string,
): Given | undefined {
  const ofOption = textOption(options, option);
  if (ofOption !== undefined) return { name: `--${option}`, text: ofOption };
  const ofVariable = environment[variable];
  return ofVariable ? { name: variable, text: ofVariable } : undefined;
}

function numberFrom(
  given: Given | undefined,
  usual: number,
  bounds: { min: number; max: number; isWhole?: true },
): number {
  if (given === undefined) return usual;
  const value = /^\d{1,15}(\.\d{1,15})?$/.test(given.text) ? Number(given.text) : Number.NaN;
  const { min, max, isWhole } = bounds;
  if (value >= min && value <= max && (!isWhole || Number.isInteger(value))) return value;
  const wanted = `a ${isWhole ? "whole " : ""}number from ${min} to ${max}`;
  throw new CommandFailure(EXIT.usage, `${given.name} is "${given.text}"; it must be ${wanted}`);
}

function readShares(clientErrors: number, serverErrors: number): ErrorShares {
  if (clientErrors + serverErrors <= 1) return { clientErrors, serverErrors };
  throw new CommandFailure(
    EXIT.usage,
    `the shares of client errors (${clientErrors}) and server errors (${serverErrors}) are more than 1 together`,
  );
}

/** A path in TARGET_API_URL is used as it stands: other servers may have another route. */
function readTarget(variable: string | undefined, address: string, path: string): URL {
  if (!variable) return new URL(path, `http://${address}`);
  const url = URL.canParse(variable) ? new URL(variable) : undefined;
  if (url?.protocol !== "http:") {
    const wanted = "a URL that begins with http://, like http://127.0.0.1:8080/upload";
    throw new CommandFailure(EXIT.usage, `TARGET_API_URL is "${variable}"; it must be ${wanted}`);
  }
  return url.pathname === "/" ? new URL(path, url) : url;
}
