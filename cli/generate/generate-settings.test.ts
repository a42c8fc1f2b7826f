import { describe, expect, it } from "vitest";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { readGenerateSettings } from "./generate-settings.ts";

const read = (options: Record<string, string> = {}, environment: Record<string, string> = {}) => {
  const { target, ...settings } = readGenerateSettings(options, environment, "127.0.0.1:8080");
  return { ...settings, target: target.href };
};
const failure = (options: Record<string, string>, environment: Record<string, string> = {}) => {
  try {
    read(options, environment);
  } catch (reason) {
    if (reason instanceof CommandFailure && reason.exitCode === EXIT.usage) return reason.message;
    throw reason;
  }
  throw new Error("it was accepted");
};

describe("the settings of generate", () => {
  it("are system B's unless they are given", () => {
    expect(read()).toEqual({
      requestsPerSecond: 50,
      recordsPerRequest: 100,
      shares: { clientErrors: 0.05, serverErrors: 0.01 },
      kind: "access",
      via: "rest",
      seed: undefined,
      recordsMax: undefined,
      durationMs: undefined,
      target: "http://127.0.0.1:8080/upload",
    });
  });

  it.each([
    [{ RPS: "100" }, { requestsPerSecond: 100 }],
    [{ RPS: "0.5" }, { requestsPerSecond: 0.5 }],
    [{ RPS: "" }, { requestsPerSecond: 50 }],
    [{ QTY_IN_BATCH: "7" }, { recordsPerRequest: 7 }],
    [{ CLIENT_ERROR_FREQ: "0.2", SERVER_ERROR_FREQ: "0.1" }, { shares: { clientErrors: 0.2, serverErrors: 0.1 } }],
    [{ TARGET_API_URL: "http://b:3000" }, { target: "http://b:3000/upload" }],
    [{ TARGET_API_URL: "http://b:3000/" }, { target: "http://b:3000/upload" }],
    [{ TARGET_API_URL: "http://b:3000/api/logs?x=1" }, { target: "http://b:3000/api/logs?x=1" }],
  ])("%j of the environment", (environment, expected) => expect(read({}, environment)).toMatchObject(expected));

  it.each<[Record<string, string>, object]>([
    [{ rate: "20" }, { requestsPerSecond: 20 }],
    [{ batch: "1" }, { recordsPerRequest: 1 }],
    [{ "client-errors": "0", "server-errors": "1" }, { shares: { clientErrors: 0, serverErrors: 1 } }],
    [{ addr: "127.0.0.1:8080" }, { target: "http://127.0.0.1:8080/upload" }],
    [{ kind: "application" }, { kind: "application", via: "grpc", target: "http://127.0.0.1:8080/v1/logs:write" }],
    [{ kind: "application", via: "rest" }, { via: "rest" }],
    [{ kind: "access", via: "grpc" }, { via: "grpc" }],
    [
      { count: "12345", for: "10m", seed: "4294967295" },
      { recordsMax: 12_345, durationMs: 600_000, seed: 4_294_967_295 },
    ],
  ])("%j, which win", (options, expected) => {
    const environment = { RPS: "7", QTY_IN_BATCH: "7", CLIENT_ERROR_FREQ: "0.7", TARGET_API_URL: "http://b:1/x" };
    expect(read(options, options.addr ? environment : { ...environment, TARGET_API_URL: "" })).toMatchObject(expected);
  });

  it.each<[Record<string, string>, Record<string, string>, string]>([
    [{ rate: "0" }, {}, '--rate is "0"; it must be a number from 0.001 to 10000'],
    [{}, { RPS: "many" }, 'RPS is "many"; it must be a number from 0.001 to 10000'],
    [{ batch: "1.5" }, {}, '--batch is "1.5"; it must be a whole number from 1 to 10000'],
    [{}, { QTY_IN_BATCH: "10001" }, 'QTY_IN_BATCH is "10001"; it must be a whole number from 1 to 10000'],
    [{ "client-errors": "5" }, {}, '--client-errors is "5"; it must be a number from 0 to 1'],
    [{ "client-errors": "0.6" }, { SERVER_ERROR_FREQ: "0.5" }, "client errors (0.6) and server errors (0.5)"],
    [{ kind: "metrics" }, {}, '--kind is "metrics"; it must be one of access, application'],
    [{ via: "kafka" }, {}, '--via is "kafka"; it must be one of rest, grpc'],
    [{ seed: "-1" }, {}, '--seed is "-1"'],
    [{ count: "0" }, {}, '--count is "0"'],
    [{ for: "soon" }, {}, '--for is "soon"'],
    [
      {},
      { TARGET_API_URL: "https://b:1/" },
      'TARGET_API_URL is "https://b:1/"; it must be a URL that begins with http://',
    ],
    [{}, { TARGET_API_URL: "b:3000" }, 'TARGET_API_URL is "b:3000"'],
  ])("%j %j are refused", (options, environment, expected) =>
    expect(failure(options, environment)).toContain(expected),
  );
});
