import { asCallFailure } from "../call-failure.ts";
import { pause } from "../call-retries.ts";
import type { CommandContext } from "../command.ts";
import { ServerConnection } from "../connection.ts";
import { CommandFailure } from "../exit-code.ts";
import { FullScreen } from "../terminal/full-screen.ts";
import { askTop } from "./ask-top.ts";
import { drawTop } from "./draw-top.ts";
import { type Key, KeyReader } from "./read-keys.ts";
import { topColumns } from "./top-columns.ts";
import type { TopGroup, TopLook } from "./top-figures.ts";
import type { TopSettings } from "./top-settings.ts";
import { chosenPlace, firstView, pressKey, shownGroups, type TopView } from "./top-view.ts";

/** `logpulse top` on a terminal: figures that are asked for again and again, and keys. */
export class TopSession {
  private readonly context: CommandContext;
  private readonly settings: TopSettings;
  private readonly columns;
  private readonly screen: FullScreen;
  private readonly connection: ServerConnection;
  private readonly ending = new AbortController();
  private look: TopLook;
  private view: TopView;
  private trouble: string | undefined;
  private chosen: string | undefined;
  private wake = () => {};
  private readonly keys = new KeyReader((keys) => this.takeKeys(keys));

  /** `look`: the first one. */
  constructor(context: CommandContext, settings: TopSettings, look: TopLook) {
    const { address, timeoutMs } = context.connection;
    this.context = context;
    this.settings = settings;
    this.columns = topColumns(settings.by);
    this.look = look;
    this.view = firstView(settings.sort);
    // One of its own: the other one says on standard error when it waits, in the middle of the screen.
    this.connection = new ServerConnection(address, timeoutMs, (text) => this.tell(text));
    this.screen = new FullScreen(
      { input: process.stdin, output: process.stdout },
      { onInput: (text) => this.keys.take(text), onRedraw: () => this.draw() },
    );
  }

  /** Until the person quits. Resolves to the name of the row whose records are to be tailed; undefined for none. */
  async run(): Promise<string | undefined> {
    const { signal } = this.context;
    const onSignal = () => this.ending.abort();
    signal.addEventListener("abort", onSignal);
    if (signal.aborted) onSignal();
    this.screen.open();
    try {
      while (!this.ending.signal.aborted) {
        await this.waitForTurn();
        if (!this.ending.signal.aborted && !this.view.isPaused) await this.lookAgain();
      }
      return this.chosen;
    } finally {
      signal.removeEventListener("abort", onSignal);
      this.keys.end();
      this.screen.close();
      this.connection.close();
    }
  }

  private async waitForTurn(): Promise<void> {
    const woken = new AbortController();
    this.wake = () => woken.abort();
    this.ending.signal.addEventListener("abort", this.wake);
    await pause(this.settings.intervalMs, woken.signal);
    this.ending.signal.removeEventListener("abort", this.wake);
  }

  /** The figures stay where new ones cannot be had, and what is wrong is told. */
  private async lookAgain(): Promise<void> {
    const { signal } = this.ending;
    try {
      const asked = { ...this.settings, nowMs: this.context.nowMs() };
      this.look = await askTop(this.connection, asked, signal);
      this.trouble = undefined;
    } catch (reason) {
      const failure = asCallFailure(reason, this.connection.address);
      if (!(failure instanceof CommandFailure)) throw reason;
      if (!signal.aborted) this.trouble = failure.message;
    }
    this.draw();
  }

  private tell(trouble: string): void {
    this.trouble = trouble;
    this.draw();
  }

  private get shown(): TopGroup[] {
    return shownGroups(this.look.groups, this.columns, this.view);
  }

  private takeKeys(keys: readonly Key[]): void {
    for (const key of keys) this.takeKey(key);
    this.draw();
  }

  private takeKey(key: Key): void {
    const { shown } = this;
    const { view, action } = pressKey(this.view, key, shown, this.columns);
    this.view = view;
    if (action === "look") this.wake();
    if (action === "suspend") this.screen.suspend();
    if (action === "tail") this.chosen = shown[chosenPlace(shown, view)]?.name;
    if (action === "tail" || action === "quit") this.ending.abort();
  }

  private draw(): void {
    const { terminal, connection } = this.context;
    this.screen.draw(
      drawTop({
        look: this.look,
        view: this.view,
        columns: this.columns,
        address: connection.address,
        rangeText: this.settings.rangeText,
        zone: terminal.zone,
        colours: terminal.out.colours,
        trouble: this.trouble,
        size: this.screen.size,
      }),
    );
  }
}
