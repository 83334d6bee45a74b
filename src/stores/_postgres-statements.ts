/**
 * What the PostgreSQL store says to the server. Each is one statement, one round trip and a
 * transaction of its own; nothing of it outlives that, so any pooler may be in between.
 *
 * @module
 */
import type { Statement } from './_postgres-run.ts'
import { type SessionTable, sweeperLock } from './_session-table.ts'
import { platform } from '#platform'

/** The statements on one table, and the values that they take. */
export interface PostgresStatements {
  /** key, time → payload, date */
  readonly load: Statement
  /** keys, time → key, payload, date */
  readonly loadMany: Statement
  /** key → a row, if there is one */
  readonly exists: Statement
  /** key, payload, date, extra columns; inserts no row where the key is taken */
  insert(columns: readonly string[]): Statement
  /**
   * key, payload, date, previous payload → an empty text where it was written; where something else
   * stands there, its date, a space and the payload; null where there is no row
   */
  readonly update: Statement
  /**
   * keys, payloads, dates, previous payloads → key, and the text that `update` answers; without rows
   * that are missing, or that somebody else holds
   */
  readonly updateMany: Statement
  /** key, previous payload → the same for a deletion, where something else is not told */
  readonly deleteUnchanged: Statement
  /** key, date */
  readonly touch: Statement
  /** key */
  readonly delete: Statement
  /** time, size of the batch → how many were deleted; -1 where another worker is at it */
  readonly clear: Statement
  /** time, how many → key, payload, date */
  readonly newest: Statement
  /** → date */
  readonly serverTime: Statement
}

/** @param isPrepared - Whether connections keep the statements, under names. */
export function postgresStatements(table: SessionTable, isPrepared: boolean): PostgresStatements {
  const t = table.table.split('.').map(quoted).join('.')
  const key = quoted(table.columns.sessionKey)
  const payload = quoted(table.columns.sessionData)
  const date = quoted(table.columns.expireDate)
  const dateOut = `extract(epoch FROM ${date})::text`
  const named = (name: string, text: string, isRead = false): Statement => ({
    text,
    name: isPrepared ? `async-django ${name} ${digest(text)}` : null,
    isRead,
  })
  const read = (name: string, text: string): Statement => named(name, text, true)
  const inserts = new Map<string, Statement>()
  return {
    load: read(
      'load',
      `SELECT ${payload}, ${dateOut} FROM ${t} WHERE ${key} = $1 AND ${date} > ${timeIn('$2')}`,
    ),
    // OFFSET 0 keeps the planner from reading the whole of a table that looks small enough to it.
    loadMany: read(
      'loadMany',
      `SELECT asked.key, found.* FROM unnest($1::text[]) AS asked (key) CROSS JOIN LATERAL (
        SELECT ${payload}, ${dateOut} FROM ${t}
        WHERE ${key} = asked.key AND ${date} > ${timeIn('$2')} OFFSET 0
      ) AS found`,
    ),
    exists: read('exists', `SELECT 1 FROM ${t} WHERE ${key} = $1`),
    insert(columns) {
      const names = [key, payload, date, ...columns.map(quoted)]
      const values = names.map((_, at) => (at === 2 ? dateIn('$3') : `$${at + 1}`))
      const text = `INSERT INTO ${t} (${names.join(', ')}) VALUES (${values.join(', ')})
        ON CONFLICT (${key}) DO NOTHING`
      const statement = inserts.get(text) ?? named('insert', text)
      inserts.set(text, statement)
      return statement
    },
    // What failed to match is looked at under a lock: the rows that a statement sees without one are
    // those of its beginning, while an update goes by what was committed since.
    update: named(
      'update',
      `WITH written AS (
        UPDATE ${t} SET ${payload} = $2, ${date} = ${dateIn('$3')}
        WHERE ${key} = $1 AND ${payload} = $4 RETURNING 1
      ) SELECT CASE WHEN EXISTS (SELECT FROM written) THEN '' ELSE (
        SELECT ${dateOut} || ' ' || ${payload} FROM ${t} WHERE ${key} = $1 FOR NO KEY UPDATE
      ) END`,
    ),
    // Waits for no row: so it is part of no deadlock, and no save waits for what another one waits for.
    // By its second comparison the planner expects next to no rows, and stays on the primary key.
    updateMany: {
      ...named(
        'updateMany',
        `WITH held AS (
          SELECT asked.*, found.*
          FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
            AS asked (key, payload, date, previous)
          CROSS JOIN LATERAL (
            SELECT ${payload} AS current, ${dateOut} AS until FROM ${t}
            WHERE ${key} = asked.key FOR NO KEY UPDATE SKIP LOCKED
          ) AS found
        ), written AS (
          UPDATE ${t} AS stored SET ${payload} = held.payload, ${date} = ${dateIn('held.date')}
          FROM held WHERE stored.${key} = held.key AND held.current = held.previous
          RETURNING held.key
        ) SELECT key, CASE WHEN written.key IS NULL THEN until || ' ' || current ELSE '' END
        FROM held LEFT JOIN written USING (key)`,
      ),
      isOnce: true,
    },
    deleteUnchanged: named(
      'deleteUnchanged',
      `WITH gone AS (
        DELETE FROM ${t} WHERE ${key} = $1 AND ${payload} = $2 RETURNING 1
      ) SELECT CASE WHEN EXISTS (SELECT FROM gone) THEN '' ELSE (
        SELECT 'other' FROM ${t} WHERE ${key} = $1 FOR NO KEY UPDATE
      ) END`,
    ),
    touch: named('touch', `UPDATE ${t} SET ${date} = ${dateIn('$2')} WHERE ${key} = $1`),
    delete: named('delete', `DELETE FROM ${t} WHERE ${key} = $1`),
    // Rows that somebody holds are being saved, and are passed over.
    clear: named(
      'clear',
      `WITH worker AS (
        SELECT pg_try_advisory_xact_lock(${sweeperLock(table).join(', ')}) AS is_ours
      ), gone AS (
        DELETE FROM ${t} WHERE ${key} IN (
          SELECT ${key} FROM ${t}
          WHERE ${date} < ${timeIn('$1')} AND (SELECT is_ours FROM worker)
          ORDER BY ${date} LIMIT $2::int FOR UPDATE SKIP LOCKED
        ) RETURNING 1
      ) SELECT CASE WHEN is_ours THEN (SELECT count(*) FROM gone) ELSE -1 END::int FROM worker`,
    ),
    newest: read(
      'newest',
      `SELECT ${key}, ${payload}, ${dateOut} FROM ${t}
        WHERE ${date} > ${timeIn('$1')} ORDER BY ${date} DESC LIMIT $2::int`,
    ),
    serverTime: read('serverTime', 'SELECT extract(epoch FROM clock_timestamp())::text'),
  }
}

/** Seconds since 1970. A number costs less than a date, to write and to read. */
function timeIn(parameter: string): string {
  return `to_timestamp(${parameter}::float8)`
}

/** Drivers turn what they take for a date into their own idea of one; text they leave alone. */
function dateIn(parameter: string): string {
  return `${parameter}::text::timestamptz`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Two tables of one database have statements of the same kind. */
function digest(text: string): string {
  const bytes = platform.hash('sha256', platform.encodeUtf8(text))
  return platform.encodeBase64url(bytes).slice(0, 10)
}
