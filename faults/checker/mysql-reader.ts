import { type Connection, createConnection, type RowDataPacket } from "mysql2";

/** Reads tables row by row, whatever their size, with a connection of its own. */
export class MysqlReader {
  private readonly connection: Connection;

  /** `url`: mysql://user:password@host:port/database */
  constructor(url: string) {
    this.connection = createConnection({ uri: url, supportBigNumbers: true, bigNumberStrings: true });
    this.connection.on("error", () => {}); // The statement under way rejects; without this it would end the process too.
  }

  /** 64-bit numbers come as text. Text columns are bytes. */
  async *rows(sql: string): AsyncGenerator<RowDataPacket> {
    yield* this.connection.query(sql).stream({ highWaterMark: 1_000 }) as AsyncIterable<RowDataPacket>;
  }

  close(): void {
    this.connection.destroy();
  }
}
