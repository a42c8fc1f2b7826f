import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/**
 * Tells when something happens to a file, also when it comes or goes. Only to be quicker: where the system cannot tell, or
 * tells too much, nothing is told, and who waits looks by himself now and then.
 */
export class FolderWatch {
  private watcher: FSWatcher | undefined;

  constructor(path: string, onChange: () => void) {
    const name = basename(path);
    try {
      this.watcher = watch(dirname(path), (_event, changed) => {
        if (changed === null || changed === name) onChange();
      });
      this.watcher.on("error", () => this.close());
    } catch {
      this.watcher = undefined; // No folder yet, or no more watches in this system.
    }
  }

  close(): void {
    this.watcher?.close();
    this.watcher = undefined;
  }
}
