/** One request of a .http file, its variables replaced. */
export interface FileRequest {
  title: string;
  method: string;
  /** Path with query, as it goes on the wire. */
  target: string;
  body: string;
}

/** Reads the form that the REST clients of editors share: `###` titles, `@name = value`, method, URL, headers, body. */
export function readRequests(text: string, host: string): FileRequest[] {
  const variables = new Map([...text.matchAll(/^@(\w+) = (.*)$/gm)].map(([, name, value]) => [name!, value!]));
  const fill = (line: string) =>
    line.replace(/\{\{(\w+)\}\}/g, (_, name: string) => variables.get(name) ?? `{{${name}}}`);
  if (!variables.has("host")) throw new Error("the file does not say @host");
  variables.set("host", host);
  return text
    .split(/^### /m)
    .slice(1)
    .map((part) => {
      const [title = "", request = "", ...rest] = fill(part.replace(/^# .*\n/gm, "")).split("\n");
      const [, method, url] = /^([A-Z]+) (\S+)$/.exec(request) ?? [];
      if (!method || !url?.startsWith(host)) throw new Error(`"${request}" is no request line with {{host}}`);
      const blank = rest.indexOf("");
      return {
        title,
        method,
        target: url.slice(host.length),
        body: rest
          .slice(blank + 1)
          .join("\n")
          .trim(),
      };
    });
}
