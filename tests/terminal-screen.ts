import { TerminalGrid } from "./terminal-grid.ts";

const ESCAPE = "\u001b";
/** A whole control sequence: CSI, an operating system command, a choice of characters, or a short one. */
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them.
  /^\u001b(?:\[([?>=!]?)([\d;:]*)[ -/]*([@-~])|\]([^\u0007\u001b]*)(?:\u0007|\u001b\\)|[()][A-Z0-9]|([=>78cDEM]))/;
/** The beginning of one, of which the rest is still to come. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them.
const BEGINNING = /^\u001b(?:$|\[[?>=!]?[\d;:]*[ -/]*$|\][^\u0007\u001b]*(?:\u001b)?$|[()]$)/;
const TAB_COLUMNS = 8;

/**
 * What a person sees who looks at a terminal: enough of an xterm for programs that move the cursor, erase, colour and
 * use the alternate screen. Rows and columns count from 0.
 */
export class TerminalScreen {
  /** Lines that scrolled off the top of the ordinary screen, oldest first. */
  readonly history: string[] = [];
  /** Control sequences that this terminal does not know, and so did not obey. A test may want none. */
  readonly unknown: string[] = [];
  /** The last title that was set for the window: log text that can do that can do more. */
  title: string | undefined;
  isCursorVisible = true;
  private normal: TerminalGrid;
  private alternate: TerminalGrid | undefined;
  private saved = { row: 0, column: 0 };
  private rest = "";

  constructor(rows: number, columns: number) {
    this.normal = new TerminalGrid(rows, columns);
  }

  /** Whether a full-screen program has the terminal. */
  get isAlternate(): boolean {
    return this.alternate !== undefined;
  }

  get cursor(): { row: number; column: number } {
    const { row, column } = this.grid;
    return { row, column };
  }

  /** Every row, without blanks at its end. */
  get lines(): string[] {
    return Array.from({ length: this.grid.rows }, (_, row) => this.grid.lineAt(row));
  }

  /** Rows as one text, without the empty ones at the end. */
  get text(): string {
    return this.lines.join("\n").trimEnd();
  }

  /** SGR parameters of a place, as "1;31"; "" is plain. */
  styleAt(row: number, column: number): string {
    return this.grid.styleAt(row, column);
  }

  /** The style of the first place where that text stands; undefined where it stands nowhere within a row. */
  styleOf(text: string): string | undefined {
    const row = this.lines.findIndex((line) => line.includes(text));
    return row < 0 ? undefined : this.styleAt(row, this.lines[row]!.indexOf(text));
  }

  /** As when a person draws the window larger or smaller. */
  resize(rows: number, columns: number): void {
    this.normal = this.normal.resized(rows, columns);
    this.alternate = this.alternate?.resized(rows, columns);
  }

  /** Shows what a program writes; a sequence may come in pieces. */
  write(text: string): void {
    let left = this.rest + text;
    this.rest = "";
    while (left !== "") {
      const taken = left.startsWith(ESCAPE) ? this.obey(left) : this.show(left);
      if (taken === 0) break;
      left = left.slice(taken);
    }
    this.rest = left;
  }

  private get grid(): TerminalGrid {
    return this.alternate ?? this.normal;
  }

  /** Shows everything up to the next sequence. @returns how much that was. */
  private show(text: string): number {
    const end = text.indexOf(ESCAPE);
    const plain = end < 0 ? text : text.slice(0, end);
    for (const character of plain) this.showCharacter(character);
    return plain.length;
  }

  private showCharacter(character: string): void {
    const { grid } = this;
    if (character === "\r") grid.moveTo(grid.row, 0);
    else if (character === "\b") grid.moveTo(grid.row, grid.column - 1);
    else if (character === "\t") grid.moveTo(grid.row, (Math.floor(grid.column / TAB_COLUMNS) + 1) * TAB_COLUMNS);
    else if (character === "\n" || character === "\v" || character === "\f") this.remember(grid.lineFeed());
    else if (character >= " " && character !== "\u007f") this.remember(grid.put(character));
    else if (character !== "\u0007" && character !== "\0") this.unknown.push(character);
  }

  private remember(gone: string | undefined): void {
    if (gone !== undefined && !this.isAlternate) this.history.push(gone);
  }

  /** @returns how much of the text the sequence was; 0 where its rest is still to come. */
  private obey(text: string): number {
    const parts = SEQUENCE.exec(text);
    if (!parts) {
      if (BEGINNING.test(text)) return 0;
      this.unknown.push(text.slice(0, 2));
      return 1;
    }
    const [whole, mark, parameters, final, command, short] = parts;
    const known =
      final !== undefined
        ? this.obeyControl(mark!, parameters!, final)
        : command !== undefined
          ? this.obeyCommand(command)
          : this.obeyShort(short);
    if (!known) this.unknown.push(whole);
    return whole.length;
  }

  private obeyCommand(command: string): boolean {
    const [number, ...text] = command.split(";");
    if (number === "0" || number === "2") this.title = text.join(";");
    return number === "0" || number === "2" || number === "8"; // 8: a link, which looks like its text.
  }

  private obeyShort(short: string | undefined): boolean {
    if (short === "7") this.saved = this.cursor;
    else if (short === "8") this.grid.moveTo(this.saved.row, this.saved.column);
    else if (short === "D") this.remember(this.grid.lineFeed());
    else return short === undefined || short === "=" || short === ">";
    return true;
  }

  private obeyControl(mark: string, parameters: string, final: string): boolean {
    if (final === "m" && mark === "") return this.paint(parameters);
    if (mark === "?" && (final === "h" || final === "l")) return this.setModes(parameters, final === "h");
    if (mark !== "") return false;
    const numbers = parameters.split(";").map(Number);
    return this.move(final, numbers) || this.change(final, numbers[0] ?? 0);
  }

  private move(final: string, [first = 0, second = 0]: number[]): boolean {
    const { grid } = this;
    const count = Math.max(1, first);
    if (final === "A") grid.moveTo(grid.row - count, grid.column);
    else if (final === "B") grid.moveTo(grid.row + count, grid.column);
    else if (final === "C") grid.moveTo(grid.row, grid.column + count);
    else if (final === "D") grid.moveTo(grid.row, grid.column - count);
    else if (final === "E") grid.moveTo(grid.row + count, 0);
    else if (final === "F") grid.moveTo(grid.row - count, 0);
    else if (final === "G") grid.moveTo(grid.row, count - 1);
    else if (final === "d") grid.moveTo(count - 1, grid.column);
    else if (final === "H" || final === "f") grid.moveTo(count - 1, Math.max(1, second) - 1);
    else if (final === "s") this.saved = this.cursor;
    else if (final === "u") grid.moveTo(this.saved.row, this.saved.column);
    else return false;
    return true;
  }

  private change(final: string, first: number): boolean {
    const { grid } = this;
    const end = { row: grid.rows - 1, column: grid.columns };
    const here = { row: grid.row, column: grid.column };
    const behind = { row: grid.row, column: grid.column + 1 };
    if (final === "J" && first <= 3) grid.erase(first === 0 ? here : { row: 0, column: 0 }, first === 1 ? behind : end);
    else if (final === "K" && first <= 2)
      grid.erase(
        first === 0 ? here : { row: grid.row, column: 0 },
        first === 1 ? behind : { row: grid.row, column: grid.columns },
      );
    else if (final === "L") grid.insertRows(Math.max(1, first));
    else if (final === "M") grid.insertRows(-Math.max(1, first));
    else if (final === "P") grid.deleteCharacters(Math.max(1, first));
    else if (final === "X") grid.erase(here, { row: grid.row, column: grid.column + Math.max(1, first) });
    else if (final === "S") grid.scrollUp(Math.max(1, first));
    else return false;
    return true;
  }

  private paint(parameters: string): boolean {
    for (const parameter of parameters.split(";")) {
      if (parameter === "" || Number(parameter) === 0) this.grid.style = "";
      else this.grid.style = this.grid.style === "" ? parameter : `${this.grid.style};${parameter}`;
    }
    return true;
  }

  private setModes(parameters: string, isOn: boolean): boolean {
    return parameters.split(";").every((mode) => {
      if (mode === "25") this.isCursorVisible = isOn;
      else if (mode === "1049") this.useAlternate(isOn);
      else return ["1", "7", "12", "2004", "2026"].includes(mode); // They change nothing that is seen here.
      return true;
    });
  }

  private useAlternate(isOn: boolean): void {
    if (isOn === this.isAlternate) return;
    if (isOn) {
      this.saved = this.cursor;
      this.alternate = new TerminalGrid(this.normal.rows, this.normal.columns);
    } else {
      this.alternate = undefined;
      this.normal.moveTo(this.saved.row, this.saved.column);
    }
  }
}
