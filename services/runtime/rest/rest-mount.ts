import type { IncomingMessage } from "node:http";
import { isKind } from "../../domain/errors.ts";
import type { ServiceHandlers } from "../../ports/service-handlers.ts";
import { type CallDesk, statusOfFailure } from "../call-desk.ts";
import type { HttpMount } from "../connect-mount.ts";
import { HttpRefusal, sendError } from "../http-answer.ts";
import { httpRules } from "./http-rules.ts";
import { readTarget } from "./request-target.ts";
import { answerRest, type RestExchange, type RestTimes } from "./rest-answers.ts";
import { RestRoutes } from "./rest-routes.ts";

/**
 * Serves the same handlers as REST, by the google.api.http rules of their methods, as Envoy's transcoder does in front
 * of the full mode. tests/rest-doors.server.test.ts holds the two together; what differs is listed there.
 *
 * The mount throws HttpRefusal where a path has no route for the request's method, and LogPulseError `invalid_request`
 * where the request's target is none.
 */
export function restMount(services: readonly ServiceHandlers[], desk: CallDesk, times: RestTimes): HttpMount {
  const routes = new RestRoutes(httpRules(services));
  return (request, response) => {
    const { path, query } = readTarget(request.url ?? "/");
    const found = routes.find(request.method ?? "", path);
    if (found.kind === "none") return false;
    if (found.kind === "other_method") {
      const { allowed } = found;
      throw HttpRefusal.otherMethod(`${path} is served for ${allowed.join(" and ")}, not ${request.method}`, allowed);
    }
    const share = desk.received.open();
    response.once("close", () => share.close());
    void answer({ ...found, request, response, query, desk, share, times });
    return true;
  };
}

/** Never rejects: whatever goes wrong becomes the answer. */
async function answer(exchange: RestExchange): Promise<void> {
  try {
    await answerRest(exchange);
  } catch (reason) {
    fail(exchange, reason);
  }
  // What is sent now, its client must take; nobody else looks after it.
  if (!exchange.response.writableFinished) exchange.response.setTimeout(exchange.desk.streamIdleMsMax);
  readAway(exchange.request);
}

function fail({ rule, request, response, desk, stream }: RestExchange, reason: unknown): void {
  const { method } = rule;
  const path = `/${method.parent.typeName}/${method.name}`;
  const error = reason instanceof HttpRefusal ? reason : statusOfFailure(reason, path, undefined, desk.log);
  if (response.destroyed) return; // The client hung up.
  if (!(error instanceof HttpRefusal) && stream?.fail(error)) return;
  // A client that sends nothing may send nothing for ever: its connection is of no more use.
  if (isKind(reason, "deadline_exceeded") && !request.complete) response.shouldKeepAlive = false;
  sendError(response, error);
}

/** What is left of a body is read and forgotten: its sender must be able to go on to our answer. */
function readAway(request: IncomingMessage): void {
  if (request.complete) return;
  request.removeAllListeners("readable");
  request.resume();
}
