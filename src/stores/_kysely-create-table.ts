/**
 * Makes the session table that Django would make. Mirrors migration `0001_initial` of
 * `django.contrib.sessions`, and `BaseDatabaseSchemaEditor._create_index_name`.
 *
 * @module
 */
import {
  codeOf,
  type KyselyDatabase,
  type RawBuilder,
  sql,
  SqlDatabase,
  type SqlDialect,
} from './_kysely.ts'
import { isBusy } from './_kysely-sqlite.ts'
import { type KyselySessionTable, sessionTable, type SessionTableOptions } from './_kysely-table.ts'
import { platform } from '#platform'

/**
 * Makes Django's session table where there is no Django; one that is there already stays as it is.
 * A Django that comes later takes it over with `manage.py migrate --fake-initial`.
 *
 * @throws ImproperlyConfiguredError; the driver's error where the table cannot be made.
 * @example
 * ```ts
 * await createSessionTable(db)
 * const django = createDjango({ settings, store: kyselyStore(db) })
 * ```
 */
export async function createSessionTable(
  db: KyselyDatabase,
  options: SessionTableOptions = {},
): Promise<void> {
  const table = sessionTable(db, options)
  const database = new SqlDatabase(db, { isTransient: isOvertaken, isDisconnected: () => false })
  for (const statement of definitions[table.dialect](table)) {
    await database.prepare(statement).run({})
  }
}

/** Another process that starts too makes the same table, and PostgreSQL looks before it locks. */
function isOvertaken(error: unknown): boolean {
  return isBusy(error) || ['23505', '42P07', '42710'].includes(codeOf(error))
}

const definitions: Readonly<
  Record<SqlDialect, (table: KyselySessionTable) => RawBuilder<unknown>[]>
> = {
  sqlite: (table) => [
    createTable(table, { payload: sql`text`, date: sql`datetime` }),
    createSqliteIndex(table),
  ],
  postgres: (table) => [
    createTable(table, { payload: sql`text`, date: sql`timestamp with time zone` }),
    sql`CREATE INDEX IF NOT EXISTS ${indexName(table, 'sessionKey', '_like')}
      ON ${table.names.table} (${table.names.key} varchar_pattern_ops)`,
    createIndex(table),
  ],
  mysql: (table) => [
    createTable(table, {
      payload: sql`longtext`,
      date: sql`datetime(6)`,
      // An index of its own could not be made only where it is missing.
      index: sql`INDEX ${indexName(table, 'expireDate')} (${table.names.expireDate})`,
    }),
  ],
}

interface ColumnTypes {
  readonly payload: RawBuilder<unknown>
  readonly date: RawBuilder<unknown>
  readonly index?: RawBuilder<unknown>
}

/** On one line, because SQLite keeps the text: as Django writes it. */
function createTable({ names }: KyselySessionTable, types: ColumnTypes): RawBuilder<unknown> {
  const columns = [
    sql`${names.key} varchar(40) NOT NULL PRIMARY KEY`,
    sql`${names.payload} ${types.payload} NOT NULL`,
    sql`${names.expireDate} ${types.date} NOT NULL`,
    ...(types.index ? [types.index] : []),
  ]
  return sql`CREATE TABLE IF NOT EXISTS ${names.table} (${sql.join(columns)})`
}

function createIndex(table: KyselySessionTable): RawBuilder<unknown> {
  const name = indexName(table, 'expireDate')
  return sql`CREATE INDEX IF NOT EXISTS ${name} ON ${table.names.table} (${table.names.expireDate})`
}

/** SQLite wants the schema before the name of the index, and there alone. */
function createSqliteIndex(table: KyselySessionTable): RawBuilder<unknown> {
  const path = table.table.split('.').map((name) => sql.id(name))
  const tableName = path.splice(-1, 1, indexName(table, 'expireDate'))
  const name = sql.join(path, sql`.`)
  // SQLite keeps the text, which is to be Django's.
  return sql`CREATE INDEX IF NOT EXISTS ${name} ON ${sql.join(tableName)} (${table.names.expireDate})`
}

/** Longest name of an index, in characters. */
const nameLengths: Readonly<Record<SqlDialect, number>> = { sqlite: 200, postgres: 63, mysql: 64 }

function indexName(
  { dialect, table, columns }: KyselySessionTable,
  column: 'sessionKey' | 'expireDate',
  suffix = '',
): RawBuilder<unknown> {
  const tableName = table.split('.').at(-1) ?? table
  const columnName = columns[column]
  const end = digest(tableName + columnName) + suffix
  const whole = `${tableName}_${columnName}_${end}`
  if (whole.length <= nameLengths[dialect]) return sql.id(whole)
  const most = Math.floor((nameLengths[dialect] - end.length) / 2) - 1
  return sql.id(`${tableName.slice(0, most)}_${columnName.slice(0, most)}_${end}`)
}

function digest(text: string): string {
  const bytes = platform.hash('md5', platform.encodeUtf8(text)).subarray(0, 4)
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
