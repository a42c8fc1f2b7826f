/**
 * The floor of REST: a bare node:http server that reads a body, parses its JSON and answers 201 with a small one. Its one
 * argument is the port.
 */
import { createServer } from "node:http";

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString());
    const answer = JSON.stringify({ message: "taken", count: Array.isArray(body) ? body.length : 1 });
    response.writeHead(201, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
    response.end(answer);
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));
