/** One place of a terminal: what stands there, and how (SGR parameters in order, "1;31"; "" is plain). */
interface Cell {
  text: string;
  style: string;
}

const EMPTY: Cell = { text: " ", style: "" };
const WIDE =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u;
const WITHOUT_WIDTH = /^(?:\p{M}|[\u200b-\u200f\u2060])/u; // Variation selectors are marks too.

/** Rows and columns of a terminal, and its cursor. Rows and columns count from 0. */
export class TerminalGrid {
  readonly columns: number;
  readonly rows: number;
  row = 0;
  column = 0;
  /** How what is written now looks. */
  style = "";
  private cells: Cell[][];
  /** The cursor stands behind the last column: the next character goes to the next row. */
  private isBehindRow = false;

  constructor(rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.cells = Array.from({ length: rows }, () => this.emptyRow());
  }

  /** Without blanks at the end. */
  lineAt(row: number): string {
    return this.cells[row]!.map(({ text }) => text)
      .join("")
      .trimEnd();
  }

  styleAt(row: number, column: number): string {
    return this.cells[row]?.[column]?.style ?? "";
  }

  /** Writes a character where the cursor is. @returns the line that scrolled off for it. */
  put(character: string): string | undefined {
    if (WITHOUT_WIDTH.test(character)) {
      const before = this.cells[this.row]![Math.max(0, this.column - (this.isBehindRow ? 0 : 1))]!;
      before.text += character;
      return undefined;
    }
    const width = WIDE.test(character) ? 2 : 1;
    let gone: string | undefined;
    if (this.isBehindRow || this.column + width > this.columns) {
      this.column = 0;
      gone = this.lineFeed();
    }
    const line = this.cells[this.row]!;
    line[this.column] = { text: character, style: this.style };
    if (width === 2) line[this.column + 1] = { text: "", style: this.style };
    this.isBehindRow = this.column + width >= this.columns;
    this.column = Math.min(this.column + width, this.columns - 1);
    return gone;
  }

  /** One row down, in the same column. @returns the line that scrolled off for it. */
  lineFeed(): string | undefined {
    this.isBehindRow = false;
    if (this.row < this.rows - 1) {
      this.row++;
      return undefined;
    }
    const gone = this.lineAt(0);
    this.scrollUp(1);
    return gone;
  }

  /** Takes rows out of the top and adds empty ones below. */
  scrollUp(count: number): void {
    this.cells.splice(0, count);
    while (this.cells.length < this.rows) this.cells.push(this.emptyRow());
  }

  /** Moves the cursor; it stays within the terminal. */
  moveTo(row: number, column: number): void {
    this.row = Math.min(Math.max(row, 0), this.rows - 1);
    this.column = Math.min(Math.max(column, 0), this.columns - 1);
    this.isBehindRow = false;
  }

  /** From one place on to before another, in reading order; `column` may be `columns`. */
  erase(from: { row: number; column: number }, to: { row: number; column: number }): void {
    const end = Math.min(to.row * this.columns + to.column, this.rows * this.columns);
    for (let at = from.row * this.columns + from.column; at < end; at++) {
      this.cells[Math.floor(at / this.columns)]![at % this.columns] = { ...EMPTY, style: this.style };
    }
  }

  /** Adds empty rows at the cursor (`count` > 0), or takes rows out there. */
  insertRows(count: number): void {
    const room = this.rows - this.row;
    if (count > 0)
      this.cells.splice(this.row, 0, ...Array.from({ length: Math.min(count, room) }, () => this.emptyRow()));
    else this.cells.splice(this.row, -count);
    this.cells.length = Math.min(this.cells.length, this.rows);
    while (this.cells.length < this.rows) this.cells.push(this.emptyRow());
  }

  /** Takes characters out at the cursor; the rest of the row moves left. */
  deleteCharacters(count: number): void {
    const line = this.cells[this.row]!;
    line.splice(this.column, count);
    while (line.length < this.columns) line.push({ ...EMPTY });
  }

  /** The same content in another size, cut off or with room at the right and below; as much of the end as fits. */
  resized(rows: number, columns: number): TerminalGrid {
    const grid = new TerminalGrid(rows, columns);
    const surplus = Math.max(0, this.row - rows + 1);
    this.cells.slice(surplus, surplus + rows).forEach((line, row) => {
      grid.cells[row] = Array.from({ length: columns }, (_, column) => line[column] ?? { ...EMPTY });
    });
    grid.moveTo(this.row - surplus, this.column);
    grid.style = this.style;
    return grid;
  }

  private emptyRow(): Cell[] {
    return Array.from({ length: this.columns }, () => ({ ...EMPTY }));
  }
}
