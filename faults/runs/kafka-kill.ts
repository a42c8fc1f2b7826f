import { startKafka } from "../../stack/kafka.ts";
import { serverKillFault } from "../nemesis/server-kill.ts";

/** Row 5. */
export const kafkaKill = serverKillFault({
  name: "kafka",
  summary: "kill -9 of the Kafka broker under load; nothing can be acknowledged until it is back",
  awayMs: { min: 500, max: 4_000 },
  secondsPerTime: 14,
  async start() {
    const server = await startKafka();
    return { server, addresses: { kafkaBrokers: [server.address] } };
  },
});
