import type { IncomingMessage, ServerResponse } from "node:http";
import { create, type DescMessage, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { LogPulseError } from "../../domain/errors.ts";
import type { ServerStreamHandler } from "../../ports/service-handlers.ts";
import type { CallDesk } from "../call-desk.ts";
import { sendAnswer } from "../http-answer.ts";
import type { ReceivedShare } from "../received-bytes.ts";
import { bodyElements } from "./body-elements.ts";
import { type BoundParameters, bindParameters } from "./bound-parameters.ts";
import type { RestRule } from "./http-rules.ts";
import { bodyForm } from "./media-type.ts";
import { announcesBody, readWholeBody, utf8Text } from "./request-body.ts";
import { encodedMessage, requestMessage } from "./request-message.ts";
import { inRestCall, type RunningCall } from "./rest-call.ts";
import { StreamAnswer, type StreamTimes, streamForm } from "./stream-answer.ts";
import { successStatus } from "./success-status.ts";

/** One request that has a route, and all that is needed to answer it. */
export interface RestExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly rule: RestRule;
  readonly variables: ReadonlyMap<string, string>;
  readonly query: string;
  readonly desk: CallDesk;
  readonly share: ReceivedShare;
  readonly times: RestTimes;
  /** The answer, where that is a stream and has begun. */
  stream?: StreamAnswer;
}

/** How long REST takes over what, in milliseconds. */
export interface RestTimes extends Omit<StreamTimes, "idleMsMax"> {
  /** From the end of a request to its answer, where that is one message. */
  answerMsMax: number;
}

type Answer = MessageInitShape<DescMessage>;

/** Answers a request by its handler. @throws HttpRefusal, or whatever the handler throws. */
export async function answerRest(exchange: RestExchange): Promise<void> {
  const { rule, variables, query } = exchange;
  const bound = bindParameters(rule, variables, query);
  if (rule.handler.kind === "server_stream") return answerByStream(exchange, bound, rule.handler);
  const answer = await inRestCall(exchange, (call) => answerOf(exchange, bound, call));
  const { output } = rule.method;
  const json = JSON.stringify(toJson(output, create(output, answer), { alwaysEmitImplicit: true }));
  exchange.desk.unsent.take(exchange.response, Buffer.byteLength(json));
  sendAnswer(exchange.response, successStatus(rule.method), "application/json", json);
}

async function answerOf(exchange: RestExchange, bound: BoundParameters, call: RunningCall): Promise<Answer> {
  const { method, handler } = exchange.rule;
  switch (handler.kind) {
    case "unary":
      return handler.handle(await onlyMessage(exchange, bound, call), call.context);
    case "unary_bytes":
      return handler.handle(encodedMessage(method.input, await onlyMessage(exchange, bound, call)), call.context);
    case "client_stream_bytes":
      return handler.handle(eachMessage(exchange, bound, call), call.context);
    default:
      throw new LogPulseError("bug", `${method.name} is no call that REST can make`);
  }
}

async function onlyMessage(exchange: RestExchange, bound: BoundParameters, call: RunningCall) {
  const message = await requestOf(exchange, bound, call);
  call.expectAnswer(exchange.times.answerMsMax);
  return message;
}

/** The one message of a request. */
async function requestOf(
  { request, rule, desk, share }: RestExchange,
  bound: BoundParameters,
  { context }: RunningCall,
) {
  const { method, body, httpMethod, template } = rule;
  if (body.kind === "none") {
    if (announcesBody(request)) {
      throw new LogPulseError("invalid_request", `${httpMethod} ${template.text} takes no body, and this one has one`);
    }
    return requestMessage(method.input, body, "", bound, "the request");
  }
  bodyForm(request.headers, false);
  const text = await readWholeBody(request, desk, share, context.signal);
  return requestMessage(method.input, body, text, bound, "the body");
}

/** Each message of a request that is a stream of them; what is bound beside the body is part of the first one. */
async function* eachMessage(exchange: RestExchange, bound: BoundParameters, call: RunningCall) {
  const { request, rule, desk, share, times } = exchange;
  const form = bodyForm(request.headers, true);
  let index = 0;
  for await (const element of bodyElements(request, form, desk, share, call.context.signal)) {
    const what = `element ${index} of the body`;
    const text = utf8Text(element, what);
    const message = requestMessage(rule.method.input, rule.body, text, index === 0 ? bound : {}, what);
    yield encodedMessage(rule.method.input, message);
    index += 1;
  }
  call.expectAnswer(times.answerMsMax);
}

async function answerByStream(
  exchange: RestExchange,
  bound: BoundParameters,
  { handle }: ServerStreamHandler<DescMessage, DescMessage>,
): Promise<void> {
  const { request, response, rule, desk, times } = exchange;
  const follow = async (call: RunningCall) => {
    const { open, context } = call;
    const message = await requestOf(exchange, bound, call);
    const streamTimes = { ...times, idleMsMax: desk.streamIdleMsMax };
    const stream = new StreamAnswer(
      response,
      rule.method.output,
      streamForm(rule.method.output, request.headers.accept),
      streamTimes,
      open,
    );
    exchange.stream = stream;
    await handle(message, (answer) => stream.send(answer), context);
  };
  try {
    await inRestCall(exchange, follow);
    exchange.stream?.end();
  } finally {
    exchange.stream?.close();
  }
}
