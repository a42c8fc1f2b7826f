import { LogPulseError } from "../../domain/errors.ts";
import { type BodySplitter, HeldPieces, isBlank } from "./body-splitter.ts";

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [ARRAY_OPENS, ARRAY_CLOSES, OBJECT_OPENS, OBJECT_CLOSES] = [0x5b, 0x5d, 0x7b, 0x7d];

type State = "before_array" | "first_element" | "next_element" | "in_element" | "behind_element" | "behind_array";

/**
 * Cuts a JSON array into its elements, wherever the pieces are cut: in strings, escapes or characters of several bytes.
 * It looks for commas and brackets only. That an element is JSON is for its reader to see; anything that is none is
 * refused by one of the two.
 */
export class JsonArraySplitter implements BodySplitter {
  private state: State = "before_array";
  private depth = 0;
  private inString = false;
  private escaped = false;
  private elements = 0;
  private readonly held = new HeldPieces(() => this.elements);

  get heldBytes(): number {
    return this.held.heldBytes;
  }

  *push(piece: Uint8Array): Generator<Uint8Array> {
    let start = 0; // Of what this piece has of an element.
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at]!;
      if (this.state !== "in_element") {
        if (isBlank(byte) || !this.beginsWith(byte)) continue;
        start = at;
      }
      if (!this.endsWith(byte)) continue;
      // A number or a word ends before the sign behind it, everything else with its own last sign.
      const endedBefore = this.depth < 0;
      this.depth = 0;
      yield this.take(piece.subarray(start, endedBefore ? at : at + 1));
      if (endedBefore) this.passBehind(byte);
    }
    if (this.state === "in_element") this.held.add(piece.subarray(start));
  }

  end(): Uint8Array[] {
    if (this.state === "before_array") throw wrong("is empty; it must be a JSON array");
    if (this.state !== "behind_array") throw wrong(`ends in the middle, behind ${this.elements} whole elements`);
    return [];
  }

  /** Does an element begin with this sign, which is not part of one yet? */
  private beginsWith(byte: number): boolean {
    if (this.state === "before_array") {
      if (byte !== ARRAY_OPENS) throw wrong("must be a JSON array");
      this.state = "first_element";
    } else if (this.state === "behind_array") {
      throw wrong("goes on behind the end of the array");
    } else if (this.state === "behind_element") {
      this.passBehind(byte);
    } else if (byte === ARRAY_CLOSES && this.state === "first_element") {
      this.state = "behind_array";
    } else if (byte === COMMA || byte === ARRAY_CLOSES || byte === OBJECT_CLOSES) {
      throw wrong(`has no element ${this.elements}`);
    } else {
      this.state = "in_element";
      return true;
    }
    return false;
  }

  private passBehind(byte: number): void {
    if (byte === COMMA) this.state = "next_element";
    else if (byte === ARRAY_CLOSES) this.state = "behind_array";
    else if (!isBlank(byte)) throw wrong(`has no comma behind element ${this.elements - 1}`);
  }

  /** Does the element end with this sign? `depth` is -1 where it ended before it. */
  private endsWith(byte: number): boolean {
    if (this.inString) {
      if (this.escaped) this.escaped = false;
      else if (byte === BACKSLASH) this.escaped = true;
      else if (byte === QUOTE) this.inString = false;
      return !this.inString && this.depth === 0;
    }
    if (byte === QUOTE) this.inString = true;
    else if (byte === OBJECT_OPENS || byte === ARRAY_OPENS) this.depth += 1;
    else if (byte === OBJECT_CLOSES || byte === ARRAY_CLOSES) this.depth -= 1;
    else if (this.depth === 0 && (byte === COMMA || isBlank(byte))) this.depth = -1;
    else return false;
    return this.depth <= 0 && !this.inString;
  }

  private take(last: Uint8Array): Uint8Array {
    this.held.add(last);
    this.elements += 1;
    this.state = "behind_element";
    return this.held.take();
  }
}

function wrong(how: string): LogPulseError {
  return new LogPulseError("invalid_request", `the body ${how}`);
}
