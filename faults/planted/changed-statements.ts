import type { PoolConnection } from "mysql2/promise";
import { type ChangedModule, changed } from "./fresh-parts.ts";
import type { Meeting } from "./meeting.ts";

type Transaction = typeof import("../../services/adapters/mysql/store-transaction.ts");

/** Sends a statement as it was meant. */
export type Send = () => Promise<unknown>;

/** What becomes of the statements of one transaction: called for each, in order. */
export type StatementChange = (sql: string, send: Send) => Promise<unknown>;

/** The transaction that stores, with its statements changed; `change` makes the change for each run of it. */
export function withStatements(change: () => StatementChange): ChangedModule {
  return changed<Transaction>("adapters/mysql/store-transaction.ts", ({ storeBatches }) => ({
    storeBatches: (connection, ...rest) => storeBatches(statementsChanged(connection, change()), ...rest),
  }));
}

/** All come to the meeting before they send their first statement that begins so. */
export function meetingBefore(beginning: string, meeting: Meeting): StatementChange {
  let met = false;
  return async (sql, send) => {
    if (!met && sql.startsWith(beginning)) {
      met = true;
      await meeting.arrive();
    }
    return send();
  };
}

/**
 * Statements that begin with `first` wait until the next one that begins with `second` was answered, and all have come
 * to the meeting; once in each transaction.
 */
export function swapped(first: string, second: string, meeting: Meeting): StatementChange {
  const waiting: Send[] = [];
  let over = false;
  return async (sql, send) => {
    if (!over && sql.startsWith(first)) {
      waiting.push(send);
      return NOTHING_AFFECTED;
    }
    const answer = await send();
    if (!over && waiting.length > 0 && sql.startsWith(second)) {
      over = true;
      await meeting.arrive();
      for (const late of waiting) await late();
    }
    return answer;
  };
}

/** The answer to a statement that was not sent. */
export const NOTHING_AFFECTED = [{ affectedRows: 0 }, undefined];

function statementsChanged(connection: PoolConnection, change: StatementChange): PoolConnection {
  return new Proxy(connection, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "query" && name !== "execute") return value.bind(target);
      return (sql: string, values: unknown) => change(sql, () => value.call(target, sql, values));
    },
  });
}
