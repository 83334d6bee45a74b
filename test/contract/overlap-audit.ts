/**
 * Every version of a session that ever stood in the table, in their order: the engine writes them
 * down itself, under the lock of the row, whoever writes.
 *
 * @module
 */
import { type Kysely, sql } from 'kysely'

import { type Scheme, schemeOf, type SessionTables } from '../_databases.ts'
import { authKeys, wrongLogin } from './overlap-writers.ts'

type Data = Readonly<Record<string, unknown>>

const logging: Readonly<Record<Exclude<Scheme, 'mariadb'>, readonly string[]>> = {
  sqlite: [
    'CREATE TABLE versions (version integer PRIMARY KEY AUTOINCREMENT, payload text NOT NULL)',
    `CREATE TRIGGER log_version AFTER UPDATE ON django_session BEGIN
       INSERT INTO versions (payload) VALUES (NEW.session_data);
     END`,
  ],
  postgres: [
    'CREATE TABLE versions (version bigserial PRIMARY KEY, payload text NOT NULL)',
    `CREATE FUNCTION log_version() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO versions (payload) VALUES (NEW.session_data);
       RETURN NULL;
     END $$`,
    `CREATE TRIGGER log_version AFTER UPDATE ON django_session
       FOR EACH ROW EXECUTE FUNCTION log_version()`,
  ],
  mysql: [
    'CREATE TABLE versions (version bigint AUTO_INCREMENT PRIMARY KEY, payload longtext NOT NULL)',
    `CREATE TRIGGER log_version AFTER UPDATE ON django_session
       FOR EACH ROW INSERT INTO versions (payload) VALUES (NEW.session_data)`,
  ],
}

/** Has the engine write down every version from now on. */
export async function logVersions(url: string, db: Kysely<SessionTables>): Promise<void> {
  const scheme = schemeOf(url)
  for (const statement of logging[scheme === 'mariadb' ? 'mysql' : scheme]) {
    await sql.raw(statement).execute(db)
  }
}

/** The payloads of all versions since. */
export async function loggedVersions(db: Kysely<SessionTables>): Promise<string[]> {
  const { rows } = await sql<{ payload: string }>`
    SELECT payload FROM versions ORDER BY version`.execute(db)
  return rows.map(({ payload }) => payload)
}

/** What the versions say. */
export interface Audit {
  /** Names that came with a version each, by who wrote it. */
  readonly ours: readonly string[]
  readonly djangos: readonly string[]
  /** Names of ours that a save of Django's erased, by the end. */
  readonly erased: readonly string[]
  /** How often the other side was the next to write. */
  readonly turns: number
  /** What nobody may do. */
  readonly wrongs: readonly string[]
}

/**
 * Walks through the versions. Each brings one name that was never there before, which says who wrote
 * it: ours must be the version before and nothing but its own change, Django's any earlier version and
 * its own change.
 *
 * @param isOurs - Of a name.
 */
export function audit(versions: readonly Data[], isOurs: (name: string) => boolean): Audit {
  const ours: string[] = []
  const djangos: string[] = []
  const wrongs: string[] = []
  let turns = 0
  let last = ''
  const seen = new Set(namesIn(versions[0] ?? {}))
  const earlier = new Set([namesIn(versions[0] ?? {}).join()])
  for (const [at, version] of versions.entries()) {
    const wrong = wrongLogin(version)
    if (wrong !== null) wrongs.push(`version ${at} ${wrong}`)
    if (at === 0) continue
    const names = namesIn(version)
    const fresh = names.filter((name) => !seen.has(name))
    const [name = ''] = fresh
    if (isOurs(name) !== isOurs(last)) turns += 1
    last = name
    const before = isOurs(name) ? [namesIn(versions[at - 1] ?? {}).join()] : [...earlier]
    const rest = names.filter((other) => other !== name).join()
    if (fresh.length === 1 && before.includes(rest)) (isOurs(name) ? ours : djangos).push(name)
    else wrongs.push(`version ${at} brings ${fresh.join(' and ')}, and changes more than that`)
    seen.add(name)
    earlier.add(names.join())
  }
  const left = new Set(namesIn(versions.at(-1) ?? {}))
  return { ours, djangos, erased: ours.filter((name) => !left.has(name)), turns, wrongs }
}

function namesIn(version: Data): string[] {
  return Object.keys(version)
    .filter((key) => !(authKeys as readonly string[]).includes(key))
    .sort()
}
