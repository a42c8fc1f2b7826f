import { BATCH_BYTES_MAX, UPLOAD_BATCHES_IN_FLIGHT_MAX, UPLOAD_BYTES_IN_FLIGHT_MAX } from "../domain/limits.ts";

/** What one stream may have on its way: so many batches, and so many bytes. */
export class BatchWindow {
  private batches = 0;
  private bytes = 0;

  /** May one more batch come in, whatever its size? Asked before it is read, so that nobody holds one that has to wait. */
  get hasRoom(): boolean {
    return this.batches < UPLOAD_BATCHES_IN_FLIGHT_MAX && this.bytes + BATCH_BYTES_MAX <= UPLOAD_BYTES_IN_FLIGHT_MAX;
  }

  /** A batch of that many bytes comes in. */
  add(bytes: number): void {
    this.batches += 1;
    this.bytes += bytes;
  }

  /** It goes out. */
  remove(bytes: number): void {
    this.batches -= 1;
    this.bytes -= bytes;
  }
}
