/**
 * libsql for Kysely's `SqliteDialect`, safe beside other processes that write to the same file.
 *
 * libsql 0.5 does not finish a statement that ran into another process's lock: until it is collected
 * as garbage, what its connection writes later seems to succeed and is not committed. Here such a
 * connection is replaced before its next statement.
 *
 * @module
 */
import type { SqliteDatabase, SqliteStatement } from 'kysely'
import Database from 'libsql'

/** How a file is opened. */
export interface OpenSqliteOptions {
  /**
   * How long SQLite itself waits for a lock, in milliseconds; it stops the event loop meanwhile.
   * Default 0: whoever runs the statement asks again.
   */
  readonly busyTimeoutMs?: number
}

/**
 * Opens a file for `new SqliteDialect({ database: openSqlite(file) })`.
 *
 * @throws Where the file cannot be opened.
 */
export function openSqlite(file: string, options: OpenSqliteOptions = {}): SqliteDatabase {
  return new ReplaceableDatabase(() => new Database(file, { timeout: options.busyTimeoutMs ?? 0 }))
}

class ReplaceableDatabase implements SqliteDatabase {
  readonly #open: () => Database.Database
  #database: Database.Database
  #isSpoiled = false

  constructor(open: () => Database.Database) {
    this.#open = open
    this.#database = open()
  }

  prepare(sql: string): SqliteStatement {
    if (this.#isSpoiled && !this.#database.inTransaction) this.#replace()
    const statement = this.#watch(() => this.#database.prepare(sql))
    return {
      reader: statement.reader,
      all: (parameters) => this.#watch(() => statement.all(parameters)),
      run: (parameters) => this.#watch(() => statement.run(parameters)),
      iterate: (parameters) => this.#watch(() => statement.all(parameters)).values(),
    }
  }

  close(): void {
    this.#database.close()
  }

  #replace(): void {
    const fresh = this.#open()
    this.#database.close()
    this.#database = fresh
    this.#isSpoiled = false
  }

  #watch<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (isBusy(error)) this.#isSpoiled = true
      throw error
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
}
