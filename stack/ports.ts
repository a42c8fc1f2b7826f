/**
 * The ports of `npm run stack`, all on 127.0.0.1. None is the default of its server, so that a Kafka or a MySQL which
 * already runs on the machine is left alone; 8080 and 9901 are what people expect of Envoy.
 */
export const STACK_PORTS = {
  kafka: 19092,
  kafkaController: 19093,
  elasticsearch: 19200,
  elasticsearchTransport: 19300,
  mariadb: 13306,
  redis: 16379,
  ingest: [8081, 8082, 8083],
  workerElasticsearch: 8084,
  workerMysql: 8085,
  query: 8086,
  stats: 8087,
  envoy: 8080,
  envoyAdmin: 9901,
} as const;
