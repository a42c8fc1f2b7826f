import type { Socket } from "node:net";

/** How HTTP/2 begins ("PRI * HTTP/2.0"). No method of HTTP/1.1 begins so. */
const PREFACE_START = Buffer.from("PRI");

/**
 * Looks at a new connection's first three bytes, in however many pieces they come, puts everything back once, and says
 * whether it is HTTP/2. A client that sends less than that within `msMax`, or closes its side before, is disconnected
 * and `found` is never called.
 */
export function sniffProtocol(socket: Socket, msMax: number, found: (isHttp2: boolean) => void): void {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const onReadable = () => {
    for (let piece = socket.read() as Buffer | null; piece !== null; piece = socket.read() as Buffer | null) {
      pieces.push(piece);
      bytes += piece.length;
    }
    if (bytes < PREFACE_START.length) return;
    release();
    const start = Buffer.concat(pieces);
    socket.unshift(start);
    found(start.subarray(0, PREFACE_START.length).equals(PREFACE_START));
  };
  const giveUp = () => {
    release();
    socket.destroy();
  };
  const release = () => {
    clearTimeout(timer);
    socket.off("readable", onReadable).off("end", giveUp).off("close", giveUp).off("error", giveUp);
  };
  const timer = setTimeout(giveUp, msMax);
  socket.on("readable", onReadable).on("end", giveUp).on("close", giveUp).on("error", giveUp);
}
