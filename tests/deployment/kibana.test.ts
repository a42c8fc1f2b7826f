import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { indexTemplate } from "../../services/adapters/elasticsearch/index-template.ts";
import { readConfig } from "../../services/config.ts";
import { compose, ROOT, textOf } from "./compose-file.ts";

// Kibana itself runs in none of the tests: it comes from no package registry. What it is sent is checked here.

describe("Kibana", () => {
  const { data_view: view } = JSON.parse(textOf("kibana/data-view.json"));

  it("gets a data view of the indices that the program writes, ordered by the record's time", () => {
    expect(view.title).toBe(`${readConfig({}).elasticsearch.indexPrefix}-*`);
    const template = indexTemplate(readConfig({}).elasticsearch.indexPrefix, 0);
    expect(template).toHaveProperty(["template", "mappings", "properties", view.timeFieldName, "type"], "date_nanos");
    expect(view.timeFieldName).toBe("time");
  });

  it("takes it for the default one where there is none yet", () => {
    expect(JSON.parse(textOf("kibana/default-data-view.json"))).toEqual({ data_view_id: view.id, force: false });
  });

  it("is set up by a service that runs once and has what it needs", () => {
    const setup = compose.services["kibana-setup"]!;
    expect(setup.entrypoint).toEqual(["bash", "/setup/set-up.sh", "http://kibana:5601"]);
    expect(setup.volumes).toEqual(["./kibana:/setup:ro"]);
    for (const [file] of textOf("kibana/set-up.sh").matchAll(/[\w-]+\.json/g)) {
      // Kibana's user in the container is none of ours.
      expect(statSync(join(ROOT, "kibana", file)).mode & 0o004).toBe(0o004);
    }
  });

  it("can be left out", () => {
    const inProfile = Object.entries(compose.services).filter(([, { profiles }]) => profiles?.includes("kibana"));
    expect(inProfile.map(([name, { profiles }]) => [name, profiles])).toEqual([
      ["kibana", ["kibana"]],
      ["kibana-setup", ["kibana"]],
    ]);
  });
});
