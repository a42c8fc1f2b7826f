/** Numbers written one after the other in LEB128 (seven bits to a byte, the lowest first), as protobuf's varints. */
export function varintsOf(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 128) {
      numbers.push(value);
      value = 0;
      scale = 1;
    }
  }
  if (scale !== 1) throw new Error("the bytes end within a number");
  return numbers;
}
