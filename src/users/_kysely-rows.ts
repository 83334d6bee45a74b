/**
 * The rows of a user table, in the SQL of each engine.
 *
 * @module
 */
import { isStorableText, isStorableUserKey, parseUserKey } from '../auth/user-key.ts'
import type { FieldType, UserModel } from '../auth/user-model.ts'
import type {
  StoredPermissions,
  StoredUser,
  UserChanges,
  UserKey,
  UserStore,
} from '../auth/user-store.ts'
import {
  codeOf,
  type DatabaseConnection,
  type RawBuilder,
  slot,
  sql,
  type SqlDatabase,
  type SqlDialect,
  type Statement,
} from '../stores/_kysely.ts'
import { type FieldGrammar, keyFieldType, type RawValue } from './_kysely-fields.ts'
import { quoted, type UserTables } from './_kysely-tables.ts'

/** A user table and what belongs to it. */
export interface UserGrammar {
  readonly db: SqlDatabase
  readonly dialect: SqlDialect
  readonly tables: UserTables
  readonly model: UserModel
  readonly fields: FieldGrammar
}

type Row = Readonly<Record<string, RawValue>>

/** What reads users. */
export function readingUsers(grammar: UserGrammar): Pick<UserStore, 'load' | 'find'> {
  const { db, model, tables, fields } = grammar
  const columns = columnsOf(model)
  const selected = columns.map(
    ({ name, column, type }) => sql`${fields.read(sql.id(column), type)} AS ${sql.id(name)}`,
  )
  const select = sql`SELECT ${sql.join(selected)} FROM ${quoted(tables.user)}`
  const load = db.prepare<'key', Row>(sql`${select} WHERE ${keyIs(grammar)}`)
  const finders = new Map<string, Statement<'text', Row>>()
  const finder = (field: string): Statement<'text', Row> => {
    const column = sql.id(columnOf(model, field))
    const found =
      finders.get(field) ??
      db.prepare<'text', Row>(sql`${select} WHERE ${column} = ${slot('text')} LIMIT 2`)
    finders.set(field, found)
    return found
  }
  const stored = (row: Row): StoredUser =>
    Object.fromEntries(columns.map(({ name, type }) => [name, fields.decode(row[name], type)]))
  return {
    async load(key, call) {
      if (!isStorableUserKey(key, model.keyType)) return null
      const { rows } = await load.run({ key: encodeKey(grammar, key) }, call)
      return rows[0] ? stored(rows[0]) : null
    },
    async find(field, text, call) {
      if (!isStorableText(text)) return []
      const { rows } = await finder(field).run({ text }, call)
      return rows.map(stored)
    },
  }
}

interface Column {
  readonly name: string
  readonly column: string
  readonly type: FieldType
}

function columnsOf({ keyField, keyType, fields }: UserModel): Column[] {
  const key = { name: keyField, column: keyColumn({ keyField }), type: keyFieldType(keyType) }
  return [key, ...[...fields].map(([name, { column, type }]) => ({ name, column, type }))]
}

function keyColumn({ keyField }: Pick<UserModel, 'keyField'>): string {
  return keyField.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function columnOf(model: UserModel, field: string): string {
  return model.fields.get(field)?.column ?? keyColumn(model)
}

function keyIs({ model, fields }: UserGrammar): RawBuilder<unknown> {
  return sql`${sql.id(keyColumn(model))} = ${fields.write('key', keyFieldType(model.keyType))}`
}

function encodeKey({ fields, model }: UserGrammar, key: UserKey): unknown {
  return fields.encode(key, keyFieldType(model.keyType))
}

interface KeyRow {
  readonly key: RawValue
}

/** What writes users. */
export function writingUsers(grammar: UserGrammar): Pick<UserStore, 'create' | 'update'> {
  const { model } = grammar
  const inserts = new Map<string, Statement<string, KeyRow>>()
  const updates = new Map<string, Statement<string, unknown>>()
  const isThere = grammar.db.prepare<'key'>(
    sql`SELECT 1 AS found FROM ${quoted(grammar.tables.user)} WHERE ${keyIs(grammar)}`,
  )
  return {
    async create(user, call) {
      const names = Object.keys(user)
      const insert = prepared(inserts, names, () => prepareInsert(grammar, names))
      const values = encodeAll(grammar, user)
      return grammar.db.withConnection(
        (connection) => runInsert(grammar, insert, connection, values, user),
        call,
      )
    },
    async update(key, changes, { password } = {}, call) {
      if (!isStorableUserKey(key, model.keyType)) return false
      const names = Object.keys(changes)
      const isConditional = password !== undefined
      const update = prepared(updates, [String(isConditional), ...names], () =>
        prepareUpdate(grammar, names, isConditional),
      )
      const given = { key: encodeKey(grammar, key) }
      const values = { ...encodeAll(grammar, changes), ...given, previous: password }
      if (names.length > 0 && (await update.run(values, call)).affected > 0) return true
      // Drivers that count changed rows say 0 where all of it stood there before.
      return !isConditional && (await isThere.run(given, call)).rows.length > 0
    },
  }
}

function prepared<T>(statements: Map<string, T>, names: readonly string[], make: () => T): T {
  const name = JSON.stringify(names)
  const statement = statements.get(name) ?? make()
  statements.set(name, statement)
  return statement
}

function typeOf(model: UserModel, field: string): FieldType {
  return model.fields.get(field)?.type ?? keyFieldType(model.keyType)
}

function valueSlot(field: string): string {
  return `field ${field}`
}

function encodeAll({ fields, model }: UserGrammar, values: UserChanges): Record<string, unknown> {
  const encoded = Object.entries(values).map(([field, value]) => [
    valueSlot(field),
    fields.encode(value, typeOf(model, field)),
  ])
  return Object.fromEntries(encoded) as Record<string, unknown>
}

function prepareInsert(
  { db, dialect, model, tables, fields }: UserGrammar,
  names: readonly string[],
): Statement<string, KeyRow> {
  const columns = sql.join(names.map((name) => sql.id(columnOf(model, name))))
  const values = sql.join(names.map((name) => fields.write(valueSlot(name), typeOf(model, name))))
  const insert = sql`INSERT INTO ${quoted(tables.user)} (${columns}) VALUES (${values})`
  if (dialect === 'mysql') return db.prepare(sql`${insert}`)
  const key = fields.read(sql.id(keyColumn(model)), keyFieldType(model.keyType))
  return db.prepare(sql`${insert} ON CONFLICT DO NOTHING RETURNING ${key} AS ${sql.id('key')}`)
}

const duplicateEntry = '1062'

async function runInsert(
  { db, dialect, model, fields }: UserGrammar,
  insert: Statement<string, KeyRow>,
  connection: DatabaseConnection,
  values: Record<string, unknown>,
  user: UserChanges,
): Promise<UserKey | null> {
  const type = keyFieldType(model.keyType)
  const decodeKey = (row: KeyRow | undefined): UserKey | null =>
    row === undefined ? null : parseUserKey(String(fields.decode(row.key, type)), model.keyType)
  if (dialect !== 'mysql') return decodeKey((await insert.runOn(connection, values)).rows[0])
  try {
    await insert.runOn(connection, values)
  } catch (error) {
    if (codeOf(error, 'errno') === duplicateEntry) return null
    throw error
  }
  const given = user[model.keyField]
  if (given !== undefined) return parseUserKey(String(given), model.keyType)
  const last = db.prepare<never, KeyRow>(
    sql`SELECT CAST(LAST_INSERT_ID() AS char) AS ${sql.id('key')}`,
  )
  return decodeKey((await last.runOn(connection, {})).rows[0])
}

function prepareUpdate(
  grammar: UserGrammar,
  names: readonly string[],
  isConditional: boolean,
): Statement<string, unknown> {
  const { db, dialect, model, tables, fields } = grammar
  const changes = names.map(
    (name) =>
      sql`${sql.id(columnOf(model, name))} = ${fields.write(valueSlot(name), typeOf(model, name))}`,
  )
  const column = sql.id(columnOf(model, 'password'))
  // Collations match other cases; bytes do not.
  const isSame =
    dialect === 'mysql'
      ? sql`CAST(${column} AS binary) = CAST(${slot('previous')} AS binary)`
      : sql`${column} = ${slot('previous')}`
  const condition = isConditional ? sql`${keyIs(grammar)} AND ${isSame}` : keyIs(grammar)
  return db.prepare(sql`UPDATE ${quoted(tables.user)} SET ${sql.join(changes)} WHERE ${condition}`)
}

interface PermissionRow {
  readonly via: 'user' | 'group'
  readonly app_label: string
  readonly codename: string
}

/** What reads permissions; null for a model that has none. */
export function readingPermissions(
  grammar: UserGrammar,
): Pick<UserStore, 'permissions' | 'allPermissions'> {
  const { db, tables, model } = grammar
  const named = sql`${sql.id('ct', 'app_label')}, ${sql.id('p', 'codename')}`
  const contentType = sql`JOIN ${quoted(tables.contentType)} ct ON ct.id = p.content_type_id`
  const all = db.prepare<never, PermissionRow>(
    sql`SELECT ${named} FROM ${quoted(tables.permission)} p ${contentType}`,
  )
  const own = db.prepare<'key', PermissionRow>(
    sql`SELECT 'user' AS via, ${named} FROM ${quoted(tables.userPermissions)} up
        JOIN ${quoted(tables.permission)} p ON p.id = up.permission_id ${contentType}
        WHERE ${isUser(grammar, 'up')}
      UNION ALL
      SELECT 'group' AS via, ${named} FROM ${quoted(tables.userGroups)} ug
        JOIN ${quoted(tables.groupPermissions)} gp ON gp.group_id = ug.group_id
        JOIN ${quoted(tables.permission)} p ON p.id = gp.permission_id ${contentType}
        WHERE ${isUser(grammar, 'ug')}`,
  )
  return {
    async permissions(key, call) {
      if (!isStorableUserKey(key, model.keyType)) return noPermissions
      const { rows } = await own.run({ key: encodeKey(grammar, key) }, call)
      return { user: via(rows, 'user'), group: via(rows, 'group') }
    },
    async allPermissions(call) {
      return (await all.run({}, call)).rows.map(nameOf)
    },
  }
}

const noPermissions: StoredPermissions = { user: [], group: [] }

/** For a model without groups and permissions. */
export const withoutPermissions: Pick<UserStore, 'permissions' | 'allPermissions'> = {
  permissions: async () => noPermissions,
  allPermissions: async () => [],
}

function isUser({ tables, fields, model }: UserGrammar, alias: string): RawBuilder<unknown> {
  const value = fields.write('key', keyFieldType(model.keyType))
  return sql`${sql.id(alias, tables.userColumn)} = ${value}`
}

function via(rows: readonly PermissionRow[], way: PermissionRow['via']): string[] {
  const names = rows.filter((row) => row.via === way).map(nameOf)
  return [...new Set(names)]
}

function nameOf({ app_label: label, codename }: PermissionRow): string {
  return `${label}.${codename}`
}
