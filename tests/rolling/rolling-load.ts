import { GrpcClient } from "../../envoy/testing/grpc-client.ts";
import { CutTail } from "../tail-under-cuts.ts";
import { CallLoop } from "./call-loop.ts";
import { exporter, grpcReader, restReader } from "./readers.ts";
import {
  type Acknowledged,
  bareWriter,
  declaredWriter,
  restWriter,
  StreamWriter,
  uploader,
  webWriter,
} from "./writers.ts";

const TAIL_MS_MAX = 600_000; // The tail is left alone for longer than any test.

/** Every kind of caller at once, all through one Envoy, until `stop`. */
export class RollingLoad {
  readonly acknowledged: Acknowledged = [];
  readonly tail: CutTail;
  readonly stream: StreamWriter;
  private readonly loops: readonly CallLoop[];
  private readonly clients: readonly GrpcClient[];

  /** `address`: host:port of Envoy. `pauseMs`: between two calls of a caller. */
  constructor(address: string, pauseMs: number) {
    const url = `http://${address}`;
    const port = Number(address.split(":")[1]);
    const { acknowledged } = this;
    this.clients = Array.from({ length: 4 }, () => new GrpcClient(port));
    this.tail = new CutTail(address, () => TAIL_MS_MAX);
    this.stream = new StreamWriter(address, acknowledged);
    const [first, second, third, fourth] = this.clients as [GrpcClient, GrpcClient, GrpcClient, GrpcClient];
    this.loops = [
      new CallLoop(
        "Write, declared",
        [declaredWriter(first, acknowledged), declaredWriter(second, acknowledged)],
        pauseMs,
      ),
      new CallLoop("Write, bare", [bareWriter(first, acknowledged), bareWriter(second, acknowledged)], pauseMs),
      new CallLoop("POST /logs", [restWriter(url, acknowledged), restWriter(url, acknowledged)], pauseMs),
      new CallLoop("WriteLog, Connect and gRPC-Web", [webWriter(url, acknowledged)], pauseMs),
      new CallLoop("Upload", [uploader(third, acknowledged), uploader(fourth, acknowledged)], pauseMs),
      new CallLoop("Stream", [this.stream.send], pauseMs),
      new CallLoop("questions, gRPC", [grpcReader(third)], pauseMs),
      new CallLoop("questions, REST", [restReader(url)], pauseMs),
      new CallLoop("exports", [exporter(address, "service:uploaded")], 10 * pauseMs),
    ];
  }

  start(): void {
    this.tail.start();
    for (const loop of this.loops) loop.start();
  }

  /** Tries of calls that failed since the last look, by the time that they ended. */
  takeFailures(): string[] {
    return this.loops.flatMap(({ failures }) => failures.splice(0)).sort();
  }

  /** Calls so far, by kind. */
  get calls(): Record<string, number> {
    return Object.fromEntries(this.loops.map(({ kind, calls }) => [kind, calls]));
  }

  /** Ends all but the tail; resolves when everything that was sent is acknowledged. */
  async stop(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await this.stream.close();
    for (const client of this.clients) client.close();
  }
}
