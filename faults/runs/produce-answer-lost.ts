import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../stack/free-port.ts";
import { type RunningKafka, startKafka } from "../../stack/kafka.ts";
import { TcpProxy } from "../nemesis/tcp-proxy.ts";
import type { Fault, Scene } from "../scene/fault.ts";

const CUTS_PER_TIME = 5;
const SILENT_MS = { min: 20, max: 400 };
const LONG_SILENT_MS = 5_000; // Longer than ingest waits for an answer: it tries again while the connection stands.
const LONG_SHARE = 0.15;

/** Row 7: what Kafka has kept and ingest does not know of. */
export const produceAnswerLost: Fault = {
  name: "produce-answer-lost",
  summary: "Kafka's answers to ingest are swallowed after the write, then the connections are cut",
  brings: ["kafka"],
  loadSeconds: (times) => 10 * times,
  async open() {
    const proxy = await TcpProxy.listen();
    const { kafka, doorPort } = await startKafkaBehind(proxy.port);
    proxy.forwardTo(doorPort);
    let cuts = 0;
    return {
      servers: { kafkaBrokers: [kafka.address] },
      role: (role) =>
        role.name.startsWith("ingest")
          ? { ...role, env: { ...role.env, KAFKA_BROKERS: `127.0.0.1:${proxy.port}` } }
          : role,
      async during(scene) {
        for (; cuts < CUTS_PER_TIME * scene.times && !scene.load.isOver; cuts++) await swallowAndCut(scene, proxy);
      },
      notes: () => ({ cuts, connectionsCut: proxy.disturbed }),
      async close() {
        await proxy.close();
        await kafka.remove();
      },
    };
  },
};

async function swallowAndCut(scene: Scene, proxy: TcpProxy): Promise<void> {
  await sleep(scene.random.between(300, 2_000));
  proxy.swallowAnswers();
  const long = scene.random.chance(LONG_SHARE);
  await sleep(long ? LONG_SILENT_MS : scene.random.between(SILENT_MS.min, SILENT_MS.max));
  proxy.cut();
  scene.recovers();
}

/** A broker with a second listener, of which it says that it is to be reached at `proxyPort`. */
async function startKafkaBehind(proxyPort: number): Promise<{ kafka: RunningKafka; doorPort: number }> {
  const [port, controllerPort, doorPort] = [await freePort(), await freePort(), await freePort()];
  const at = (name: string, listenPort: number) => `${name}://127.0.0.1:${listenPort}`;
  const kafka = await startKafka({
    port,
    controllerPort,
    settings: {
      listeners: [at("PLAINTEXT", port), at("CONTROLLER", controllerPort), at("DOOR", doorPort)].join(),
      "advertised.listeners": [at("PLAINTEXT", port), at("DOOR", proxyPort)].join(),
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,DOOR:PLAINTEXT",
      "inter.broker.listener.name": "PLAINTEXT",
    },
  });
  return { kafka, doorPort };
}
