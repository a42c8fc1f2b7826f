import type { ExitCode } from "../exit-code.ts";
import type { TimeSpan } from "./record-source.ts";

/** What became of one try to send a request. */
export type Answer =
  | {
      kind: "kept";
      /** "200", "OK": how the answer is counted. */
      name: string;
      accepted: number;
      rejected: number;
      /** What is wrong with the first of them. */
      firstReject: string | undefined;
    }
  | {
      /** The same request may pass later. */
      kind: "later";
      /** "429", "503", "no answer". */
      name: string;
      reason: string;
      /** What the server wants to be waited; undefined where it does not say. */
      waitMs: number | undefined;
      /** The server may have kept the records all the same. */
      mayBeKept: boolean;
      /** There was no connection at all. */
      isUnreachable: boolean;
      exitCode: ExitCode;
    }
  | {
      /** It would be refused again. Nothing is kept. */
      kind: "refused";
      name: string;
      reason: string;
      exitCode: ExitCode;
    };

/** Where generated records go. `Body`: a request that can be sent again as it is. */
export interface LoadTarget<Body = unknown> {
  /** For people: "http://127.0.0.1:8080/upload". */
  readonly name: string;
  /** Whether records have declared identities: sent again, they are not stored again. */
  readonly isIdentified: boolean;
  /** Draws the records of the next request. */
  draw(records: number, span: TimeSpan): Body;
  /** Sends it once. Never throws: what the network or the server do is an answer too. */
  send(body: Body, records: number): Promise<Answer>;
  /** Ends the connections, and with them what is on its way. */
  close(): void;
}
