import type { SeededRandom } from "./seeded-random.ts";

/** An exception as a program logs it, of several lines. */
export interface DrawnException {
  type: string;
  message: string;
  /** Type, message and frames, the lines apart by "\n". */
  trace: string;
}

const FRAMES_MIN = 2;

const LANGUAGES = [java, node, python, go];

/** Draws an exception of one of four languages. `message`: what it says. */
export function drawException(random: SeededRandom, message: string): DrawnException {
  return random.pick(LANGUAGES)(random, message);
}

function java(random: SeededRandom, message: string): DrawnException {
  const type = random.pick([
    "java.net.SocketTimeoutException",
    "java.lang.IllegalStateException",
    "java.sql.SQLException",
  ]);
  const frames = someOf(random, [
    "\tat com.example.shop.Orders.place(Orders.java:118)",
    "\tat com.example.shop.OrderResource.post(OrderResource.java:57)",
    "\tat com.example.http.Router.handle(Router.java:203)",
    "\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1144)",
    "\tat java.base/java.lang.Thread.run(Thread.java:1583)",
  ]);
  const cause = ["Caused by: java.io.IOException: connection reset by peer", "\t... 12 more"];
  const trace = [`${type}: ${message}`, ...frames, ...(random.chance(0.5) ? cause : [])].join("\n");
  return { type, message, trace };
}

function node(random: SeededRandom, message: string): DrawnException {
  const type = random.pick(["TypeError", "RangeError", "AbortError"]);
  const frames = someOf(random, [
    "    at Basket.total (file:///srv/shop/basket.js:41:17)",
    "    at async checkout (file:///srv/shop/checkout.js:88:5)",
    "    at async Server.<anonymous> (file:///srv/shop/server.js:19:3)",
    "    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)",
  ]);
  return { type, message, trace: [`${type}: ${message}`, ...frames].join("\n") };
}

function python(random: SeededRandom, message: string): DrawnException {
  const type = random.pick(["ValueError", "KeyError", "psycopg.OperationalError"]);
  const frames = someOf(random, [
    '  File "/srv/mailer/worker.py", line 71, in run\n    self.deliver(mail)',
    '  File "/srv/mailer/deliver.py", line 33, in deliver\n    reply = self.smtp.send(mail)',
    '  File "/srv/mailer/smtp.py", line 12, in send\n    return self.socket.sendall(body)',
  ]);
  return { type, message, trace: ["Traceback (most recent call last):", ...frames, `${type}: ${message}`].join("\n") };
}

function go(random: SeededRandom, message: string): DrawnException {
  const frames = someOf(random, [
    "main.(*Catalog).Find(0xc0001a2000, {0xc00012c0a8, 0x8})\n\t/srv/catalog/find.go:64 +0x1d2",
    "main.(*Server).ServeHTTP(0xc000110000, {0x7a3f20, 0xc0001ce000}, 0xc0001d0000)\n\t/srv/catalog/server.go:31 +0x9f",
    "net/http.(*conn).serve(0xc0000b4000, {0x7a4688, 0xc000098f60})\n\t/usr/local/go/src/net/http/server.go:2009 +0x5f4",
  ]);
  const trace = [`panic: ${message}`, "", `goroutine ${1 + random.below(400)} [running]:`, ...frames].join("\n");
  return { type: "panic", message, trace };
}

/** The first of them, at least two. */
function someOf(random: SeededRandom, frames: readonly string[]): readonly string[] {
  return frames.slice(0, FRAMES_MIN + random.below(frames.length - FRAMES_MIN + 1));
}
