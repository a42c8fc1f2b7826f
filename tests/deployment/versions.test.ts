import { expect, it } from "vitest";
import versions from "../../stack/versions.json" with { type: "json" };
import { compose, textOf } from "./compose-file.ts";

const IMAGES: Record<string, string> = {
  envoy: `envoyproxy/envoy:v${versions.envoy}`,
  kafka: `apache/kafka:${versions.kafka}`,
  elasticsearch: `elasticsearch:${versions.elasticsearch}`,
  mysql: `mysql:${versions.mysql}`,
  redis: `redis:${versions.redis}`,
  kibana: `kibana:${versions.kibana}`,
  "kibana-setup": `kibana:${versions.kibana}`,
};

it("docker-compose.yml runs the versions of stack/versions.json", () => {
  const images = Object.entries(compose.services).filter(([, { image }]) => !image.startsWith("${"));
  expect(Object.fromEntries(images.map(([name, { image }]) => [name, image]))).toEqual(IMAGES);
});

it("Kibana is as old as its Elasticsearch", () => {
  expect(versions.kibana).toBe(versions.elasticsearch);
});

it("every image of the Dockerfile is the Node that the tests run on", () => {
  const { optionalDependencies } = JSON.parse(textOf("package.json")) as { optionalDependencies: object };
  const [node, ...others] = new Set(Object.values(optionalDependencies));
  expect(others).toEqual([]);
  const bases = [...textOf("Dockerfile").matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  expect(new Set(bases)).toEqual(new Set([`node:${node}-slim`]));
  for (const workflow of ["lint", "test"]) {
    expect(textOf(`.github/workflows/${workflow}.yml`)).toContain(`node-version: ${node}\n`);
  }
});

it("the Python consumer's Kafka client is the version of its requirements", () => {
  expect(textOf("docs/consumer/requirements.txt")).toContain(`kafka-python==${versions.consumer}\n`);
});
