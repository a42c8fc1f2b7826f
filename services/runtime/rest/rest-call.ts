import type { IncomingMessage, ServerResponse } from "node:http";
import { LogPulseError } from "../../domain/errors.ts";
import { invalidField } from "../../domain/request-fields.ts";
import type { CallContext } from "../../ports/service-handlers.ts";
import type { CallDesk } from "../call-desk.ts";
import { callerTrace } from "../caller-trace.ts";
import type { OpenCall } from "../calls-in-flight.ts";
import { EXTERNAL_ADDRESS_HEADER } from "../client-address.ts";
import { grpcTimeoutMs } from "../request-timeout.ts";

const PASSED = "the deadline of the call has passed";

/** A call that runs, as those see it who answer it. */
export interface RunningCall {
  readonly open: OpenCall;
  readonly context: CallContext;
  /** The request is whole: its answer is due within `msMax`. */
  expectAnswer(msMax: number): void;
}

/**
 * Runs one REST request as a call of the desk: counted, with its client's deadline (`grpc-timeout`), aborted when the
 * client hangs up. An abort rejects at once; the call counts until `run` has settled.
 *
 * @throws LogPulseError `overloaded`, `deadline_exceeded`, `invalid_request` (the deadline is none), the reason of an abort; or what `run`
 * throws.
 */
export async function inRestCall<T>(
  { request, response, desk }: { request: IncomingMessage; response: ServerResponse; desk: CallDesk },
  run: (call: RunningCall) => Promise<T>,
): Promise<T> {
  const deadlineMs = deadlineOf(request);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  if (deadlineMs !== undefined && deadlineMs <= Date.now()) throw new LogPulseError("deadline_exceeded", PASSED);
  const open = desk.calls.begin(true, reject);
  const timers: NodeJS.Timeout[] = [];
  const abortAfter = (ms: number, message: string) => {
    timers.push(setTimeout(() => open.abort(new LogPulseError("deadline_exceeded", message)), ms));
  };
  if (deadlineMs !== undefined) abortAfter(deadlineMs - Date.now(), PASSED);
  const onClose = () => open.abort(new LogPulseError("cancelled", "the client hung up"));
  response.once("close", onClose);
  const call: RunningCall = {
    open,
    context: contextOf(request, desk, open, deadlineMs),
    expectAnswer: (msMax) => abortAfter(msMax, `there was no answer within ${msMax} ms`),
  };
  const work = async () => {
    try {
      return await run(call);
    } catch (reason) {
      throw open.signal.aborted ? open.signal.reason : reason; // A handler that was aborted says so in words of its own.
    } finally {
      for (const timer of timers) clearTimeout(timer);
      open.end();
    }
  };
  return Promise.race([aborted, work()]);
}

function contextOf(
  { socket, headers }: IncomingMessage,
  { tenant, calls, clientAddress, tellsCaller }: CallDesk,
  { signal }: OpenCall,
  deadlineMs: number | undefined,
): CallContext {
  const external = headers[EXTERNAL_ADDRESS_HEADER];
  const client = clientAddress(socket.remoteAddress, typeof external === "string" ? external : undefined);
  const caller = tellsCaller ? callerTrace("rest", (name) => headers[name]?.toString()) : undefined;
  return { tenant, client, signal, stopping: calls.stopping, deadlineMs, caller };
}

function deadlineOf({ headers }: IncomingMessage): number | undefined {
  const timeout = headers["grpc-timeout"];
  if (timeout === undefined) return undefined;
  const ms = grpcTimeoutMs(String(timeout));
  if (ms === undefined)
    throw invalidField("grpc-timeout", `is ${JSON.stringify(timeout)}; it must be like "500m" or "10S"`);
  return Date.now() + ms;
}
