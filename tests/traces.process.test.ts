import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { startOtlpReceiver } from "../services/adapters/opentelemetry/otlp-receiver.fixture.ts";
import { TRACE_STOP_MS_MAX } from "../services/domain/limits.ts";
import { freePort } from "../stack/free-port.ts";
import { eventually } from "./eventually.ts";
import { program, ready } from "./program.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const STOP_MS_MAX = 5_000; // Of a process with nothing to do: far below the ten seconds that it may take.

/** Tells each module that is loaded, in any thread. */
const TELL_MODULES = `--import=data:text/javascript,${encodeURIComponent(
  'import{registerHooks}from"node:module";import{writeSync}from"node:fs";' +
    'registerHooks({load(url,context,next){writeSync(2,"loaded "+url+"\\n");return next(url,context)}})',
)}`;

/** The embedded mode in a folder of its own. */
async function embedded(settings: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "logpulse-traces-"));
  const started = await program({ LOGPULSE_DATA: folder, ...settings });
  onTestFinished(async () => {
    started.kill("SIGKILL");
    await started.ended;
    rmSync(folder, { recursive: true, force: true });
  });
  await eventually(
    () => ready(started.address),
    ({ status }) => status === 200,
  );
  return started;
}

async function write(address: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(`http://${address}/v1/logs:write`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ records: [{ message: "a" }, { message: "b" }] }),
  });
  return answer.status;
}

describe("traces of one process", { timeout: 60_000 }, () => {
  it("are off: nothing of their library is loaded, unless somebody wants them", async () => {
    const library = /^loaded \S*(@opentelemetry\/(sdk|exporter|otlp|resources|core)|adapters\/opentelemetry)/m;
    const without = await embedded({ NODE_OPTIONS: TELL_MODULES });
    expect(await write(without.address, { traceparent: `00-${TRACE}-${SPAN}-01` })).toBe(200);
    expect(without.output()).toMatch(/^loaded \S*\/store-thread\.ts$/m);
    expect(without.output()).not.toMatch(library);
    const url = `http://127.0.0.1:${await freePort()}/`;
    const withThem = await embedded({ NODE_OPTIONS: TELL_MODULES, LOGPULSE_TRACES_URL: url });
    expect(withThem.output()).toMatch(library);
  });

  it("are off in the full mode too", async () => {
    const library = /^loaded \S*(@opentelemetry\/(sdk|exporter|otlp|resources)|adapters\/opentelemetry)/m;
    const [brokers, settings] = [
      `127.0.0.1:${await freePort()}`,
      { LOGPULSE_MODE: "full", LOGPULSE_LOG_LEVEL: "info" },
    ];
    const { output, kill, ended } = await program({ ...settings, KAFKA_BROKERS: brokers, NODE_OPTIONS: TELL_MODULES });
    onTestFinished(() => kill("SIGKILL"));
    await eventually(
      async () => output(),
      (text) => text.includes('"listening"'),
    );
    expect(output()).toMatch(/^loaded \S*adapters\/kafka\/event-log\.ts$/m);
    expect(output()).not.toMatch(library);
    kill("SIGKILL");
    await ended;
  });

  it("have a call in its caller's trace up to the log, and each transaction of the store in one of its own", async () => {
    const receiver = await startOtlpReceiver();
    onTestFinished(() => receiver.stop());
    const { address, kill, ended } = await embedded({
      LOGPULSE_TRACES_URL: receiver.url,
      LOGPULSE_TRACES_RATIO: "1",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=k",
    });
    expect(await write(address, { traceparent: `00-${TRACE}-${SPAN}-01`, baggage: "secret=1" })).toBe(200);
    const named = (name: string) => receiver.spans.find((span) => span.name === name);
    await eventually(
      async () => receiver.spans.map(({ name }) => name),
      (names) => names.includes("store sqlite"),
    );
    kill("SIGTERM");
    expect(await ended).toBe(0);

    const [call, send, store] = ["logpulse.v1.IngestService/Write", "send log", "store sqlite"].map(named);
    expect(call).toMatchObject({ traceId: TRACE, parentId: SPAN, kind: 2, facts: { "rpc.system.name": "rest" } });
    expect(send).toMatchObject({ traceId: TRACE, parentId: call!.spanId, kind: 4, facts: { "logpulse.records": 2 } });
    expect(store).toMatchObject({ parentId: "", kind: 3, facts: { "logpulse.stored": 2 } });
    expect(store!.traceId).not.toBe(TRACE);
    expect(store!.resource).toMatchObject({ "service.name": "logpulse", "service.version": expect.any(String) });
    expect(receiver.requests[0]).toMatchObject({ "api-key": "k" });
    expect(inspect(receiver.spans, { depth: null })).not.toContain("secret");
  });

  it("are lost, counted, where the collector is away; records are not, and the process ends in time", async () => {
    const { address, kill, ended, output } = await embedded({
      LOGPULSE_TRACES_URL: `http://127.0.0.1:${await freePort()}/v1/traces`,
      LOGPULSE_TRACES_RATIO: "1",
    });
    for (let call = 0; call < 20; call++) expect(await write(address)).toBe(200);
    await eventually(
      async () => (await fetch(`http://${address}/metrics`)).text(),
      (page) => /^logpulse_trace_spans_total\{outcome="failed"\} [1-9]/m.test(page),
    );
    expect(output()).toContain("the collector takes no spans");
    expect(await write(address)).toBe(200);
    const beganMs = performance.now();
    kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(TRACE_STOP_MS_MAX + STOP_MS_MAX);
  });

  it("do not hold up the end where the collector hangs", async () => {
    const hanging = createServer(() => undefined);
    await new Promise<void>((resolve) => hanging.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void hanging.close());
    const { port } = hanging.address() as { port: number };
    const settings = { LOGPULSE_TRACES_URL: `http://127.0.0.1:${port}/v1/traces`, LOGPULSE_TRACES_RATIO: "1" };
    const { address, kill, ended } = await embedded(settings);
    expect(await write(address)).toBe(200);
    const beganMs = performance.now();
    kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(TRACE_STOP_MS_MAX + STOP_MS_MAX);
  });
});
