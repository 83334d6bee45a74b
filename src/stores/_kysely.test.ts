import {
  DummyDriver,
  Kysely,
  MssqlAdapter,
  MssqlQueryCompiler,
  MysqlAdapter,
  MysqlQueryCompiler,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type QueryCompiler,
} from 'kysely'
import { describe, expect, test } from 'vitest'

import { inferDialect, isCodeless, slot, sql, SqlDatabase, type SqlFailures } from './_kysely.ts'

/** A dialect whose only connection does this with a statement. */
function dialect(
  adapter: DialectAdapter,
  compiler: QueryCompiler,
  execute: DatabaseConnection['executeQuery'] = async () => ({ rows: [] }),
): Dialect {
  return {
    createAdapter: () => adapter,
    createQueryCompiler: () => compiler,
    createDriver: () => new OneConnection(execute),
    createIntrospector: (db) => new PostgresIntrospector(db),
  }
}

class OneConnection extends DummyDriver implements Driver {
  readonly #connection: DatabaseConnection

  constructor(executeQuery: DatabaseConnection['executeQuery']) {
    super()
    this.#connection = {
      executeQuery,
      streamQuery() {
        throw new Error('Nothing is streamed here.')
      },
    }
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }
}

function postgres(execute?: DatabaseConnection['executeQuery']): Kysely<unknown> {
  return new Kysely({
    dialect: dialect(new PostgresAdapter(), new PostgresQueryCompiler(), execute),
  })
}

const nothing: SqlFailures = { isTransient: () => false, isDisconnected: () => false }

describe('inferDialect', () => {
  test.each([
    ['postgres', new PostgresAdapter(), new PostgresQueryCompiler()],
    ['sqlite', new SqliteAdapter(), new SqliteQueryCompiler()],
    ['mysql', new MysqlAdapter(), new MysqlQueryCompiler()],
  ])('tells %s by how it writes', (name, adapter, compiler) => {
    expect(inferDialect(new Kysely({ dialect: dialect(adapter, compiler) }))).toBe(name)
  })

  test('asks for what it cannot tell', () => {
    const db = new Kysely({ dialect: dialect(new MssqlAdapter(), new MssqlQueryCompiler()) })
    expect(() => inferDialect(db)).toThrow(expect.objectContaining({ setting: 'dialect' }))
  })
})

describe('a statement', () => {
  test('is compiled once, and run with the values of its slots', async () => {
    const seen: unknown[] = []
    const db = postgres(async ({ sql: text, parameters }) => {
      seen.push([text, parameters])
      return { rows: [{ a: 1 } as never], numAffectedRows: 3n }
    })
    const statement = new SqlDatabase(db, nothing).prepare<'key' | 'other'>(
      sql`SELECT ${slot('key')}, ${slot('other')}, ${slot('key')} FROM ${sql.id('a"b', 'c')}`,
    )
    expect(await statement.run({ key: 'k', other: null })).toEqual({
      rows: [{ a: 1 }],
      affected: 3,
    })
    await statement.run({ key: 2, other: 'o' })
    const text = 'SELECT $1, $2, $3 FROM "a""b"."c"'
    expect(seen).toEqual([
      [text, ['k', null, 'k']],
      [text, [2, 'o', 2]],
    ])
  })

  test('matched nothing where the driver does not tell', async () => {
    const statement = new SqlDatabase(postgres(), nothing).prepare<never>(sql`SELECT 1`)
    expect(await statement.run({})).toEqual({ rows: [], affected: 0 })
  })

  test('is run again while it runs into others, and then answers', async () => {
    let runs = 0
    const db = postgres(async () => {
      runs += 1
      if (runs < 4) throw new Error('deadlock')
      return { rows: [{ runs }] as never[] }
    })
    const failures: SqlFailures = {
      ...nothing,
      isTransient: (error) => String(error).includes('deadlock'),
    }
    const statement = new SqlDatabase(db, failures).prepare<never>(sql`SELECT 1`)
    expect((await statement.run({})).rows).toEqual([{ runs: 4 }])
  })

  test('is run once where it fails for good', async () => {
    let runs = 0
    const cause = new Error('syntax')
    const db = postgres(async () => {
      runs += 1
      throw cause
    })
    const statement = new SqlDatabase(db, nothing).prepare<never>(sql`SELECT 1`)
    await expect(statement.run({})).rejects.toBe(cause)
    expect(runs).toBe(1)
  })

  test('is not run again once the time of its call is over', async () => {
    const controller = new AbortController()
    const cause = new Error('deadlock')
    let runs = 0
    const db = postgres(async () => {
      runs += 1
      if (runs === 3) controller.abort()
      throw cause
    })
    const statement = new SqlDatabase(db, { ...nothing, isTransient: () => true }).prepare<never>(
      sql`SELECT 1`,
    )
    await expect(statement.run({}, { signal: controller.signal })).rejects.toBe(cause)
    expect(runs).toBe(3)
  })

  test('is not sent by a call whose time is over when it gets its connection', async () => {
    let runs = 0
    const db = postgres(async () => {
      runs += 1
      return { rows: [] }
    })
    const statement = new SqlDatabase(db, nothing).prepare<never>(sql`SELECT 1`)
    const running = statement.run({}, { signal: AbortSignal.abort() })
    await expect(running).rejects.toMatchObject({ name: 'AbortError' })
    expect(runs).toBe(0)
  })

  test('fails as unavailable where the driver says in text only that there is no connection', async () => {
    const db = postgres(() => Promise.reject(new Error('Connection terminated unexpectedly')))
    const failures: SqlFailures = { ...nothing, isDisconnected: isCodeless }
    const statement = new SqlDatabase(db, failures).prepare<never>(sql`SELECT 1`)
    await expect(statement.run({})).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      operation: 'connect',
    })
  })
})

describe('isCodeless', () => {
  test.each([
    [true, new Error('timeout exceeded when trying to connect')],
    [false, Object.assign(new Error('no such table'), { code: '42P01' })],
    [false, new TypeError('undefined is not a function')],
    [false, AbortSignal.abort().reason],
    [false, 'text'],
    [false, null],
  ])('is %s', (expected, error) => {
    expect(isCodeless(error)).toBe(expected)
  })
})
