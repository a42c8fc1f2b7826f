import { createHash } from "node:crypto";
import { varintsOf } from "./varints.ts";

const REGISTERS = 16_384;
const SPARSE = 1;
const DENSE = 2;
const BIAS = 0.7213 / (1 + 1.079 / REGISTERS); // For 128 registers and more: Flajolet et al., "HyperLogLog", 2007, fig. 3.

const SHARE_OF_RANK = Float64Array.from({ length: 64 }, (_, rank) => 2 ** -rank);

/**
 * Distinct clients out of the stored sketches, which are merged: each is a HyperLogLog of 2^14 registers, sparse
 * (distances between registers and ranks, in turns) or dense (six bits for each).
 */
export class ClientSketch {
  private readonly ranks = new Uint8Array(REGISTERS);

  /** @throws Error where the bytes are no sketch. */
  merge(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (bytes[0] === SPARSE) this.mergeSparse(varintsOf(bytes.subarray(1)));
    else if (bytes[0] === DENSE && bytes.length === 1 + (REGISTERS * 6) / 8) this.mergeDense(bytes.subarray(1));
    else throw new Error(`a sketch of ${bytes.length} bytes has the format ${bytes[0]}`);
  }

  /** The 64-bit hash is the first bits of SHA-256; its first 14 bits name the register, the zeros behind them the rank. */
  add(address: string): void {
    const bits = createHash("sha256").update(address).digest().readBigUInt64BE();
    const rest = BigInt.asUintN(50, bits);
    this.raise(Number(bits >> 50n), 51 - (rest === 0n ? 0 : rest.toString(2).length));
  }

  /** True where the same addresses were added, or others that leave no other trace. */
  equals(other: ClientSketch): boolean {
    return Buffer.compare(this.ranks, other.ranks) === 0;
  }

  /** By counting empty registers while there are many of them; their estimate is the better one up to 5/2 of the registers. */
  estimate(): number {
    let sum = 0;
    let empty = 0;
    for (const rank of this.ranks) {
      sum += SHARE_OF_RANK[rank]!;
      if (rank === 0) empty++;
    }
    const raw = (BIAS * REGISTERS * REGISTERS) / sum;
    return raw <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : raw;
  }

  private mergeSparse(numbers: readonly number[]): void {
    let register = -1;
    for (let at = 0; at < numbers.length; at += 2) {
      register += numbers[at]!;
      this.raise(register, numbers[at + 1] ?? 0);
    }
  }

  private mergeDense(bytes: Uint8Array): void {
    for (let register = 0; register < REGISTERS; register++) {
      const bit = register * 6;
      const word = (bytes[bit >> 3]! << 8) | (bytes[(bit >> 3) + 1] ?? 0);
      this.raise(register, (word >> (10 - (bit & 7))) & 63);
    }
  }

  private raise(register: number, rank: number): void {
    if (register < 0 || register >= REGISTERS) throw new Error(`a sketch has a register ${register}`);
    if (rank > this.ranks[register]!) this.ranks[register] = rank;
  }
}
