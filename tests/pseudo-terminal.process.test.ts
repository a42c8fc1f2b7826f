import { describe, expect, it } from "vitest";
import { havePseudoTerminal, inPseudoTerminal } from "./pseudo-terminal.ts";

const node = (code: string) => [process.execPath, "-e", code];

describe.runIf(havePseudoTerminal())("a command in a pseudo-terminal", () => {
  it("has a terminal of that size, and knows it", async () => {
    const code = `const { stdin, stdout } = process;
      console.log([stdout.isTTY, stdin.isTTY, stdout.columns, stdout.rows].join(" "))`;
    const terminal = inPseudoTerminal(node(code), { rows: 10, columns: 33 });
    expect(await terminal.ended).toEqual({ exitCode: 0, signal: null, isCanonical: true, isEchoing: true });
    expect(terminal.screen.text).toBe("true true 33 10");
    expect(terminal.output).toBe("true true 33 10\r\n");
  });

  it("is typed to, and shows what is typed", async () => {
    const terminal = inPseudoTerminal(["sh", "-c", 'printf "name? "; read name; echo "hello $name"; exit 3']);
    await terminal.until((screen) => screen.text === "name?");
    terminal.type("Ada\r");
    expect((await terminal.ended).exitCode).toBe(3);
    expect(terminal.screen.text).toBe("name? Ada\nhello Ada");
  });

  it("is interrupted by Ctrl-C", async () => {
    const terminal = inPseudoTerminal(["sh", "-c", "echo begun; exec sleep 60"]);
    await terminal.until((screen) => screen.text === "begun");
    terminal.type("\u0003");
    expect(await terminal.ended).toMatchObject({ exitCode: null, signal: "SIGINT" });
  });

  it("gets signals, and is told when its window changes", async () => {
    const code = `setInterval(() => {}, 1e6); console.log("begun");
      process.stdout.on("resize", () => console.log("now " + process.stdout.columns));
      process.on("SIGTERM", () => { console.log("bye"); process.exit(7); });`;
    const terminal = inPseudoTerminal(node(code));
    await terminal.until((screen) => screen.text === "begun");
    terminal.resize(20, 50);
    await terminal.until((screen) => screen.text.endsWith("now 50"));
    terminal.signal("SIGTERM");
    expect((await terminal.ended).exitCode).toBe(7);
    expect(terminal.screen.text).toBe("begun\nnow 50\nbye");
  });

  it("that leaves the terminal raw is found out", async () => {
    const code = "process.stdin.setRawMode(true); console.log('raw'); process.kill(process.pid, 'SIGKILL')";
    const end = await inPseudoTerminal(node(code)).ended;
    expect(end).toEqual({ exitCode: null, signal: "SIGKILL", isCanonical: false, isEchoing: false });
  });

  it("that ends too early, or says something else, is told with the screen", async () => {
    const terminal = inPseudoTerminal(["sh", "-c", "echo oops"]);
    await expect(terminal.until((screen) => screen.text === "fine")).rejects.toThrow(
      "the command has ended; the screen shows:\noops",
    );
    const silent = inPseudoTerminal(["sleep", "60"]);
    await expect(silent.until((screen) => screen.text !== "", 100)).rejects.toThrow("not within 100 ms");
  });

  it("is ended when nobody looks at it any more", async () => {
    const terminal = inPseudoTerminal(["sleep", "60"]);
    const { child } = terminal as unknown as { child: { stdin: { end(): void } } };
    child.stdin.end();
    expect(await terminal.ended).toMatchObject({ signal: "SIGKILL" });
  });
});
