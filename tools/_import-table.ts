/**
 * Which way imports point: the house's floor plan, as data for `check-imports.ts`.
 *
 * @module
 */

/** A room of the house: a folder of `src/`, or one file with rules of its own. */
export interface Room {
  /** The path below `src/`: of a folder with `/` at its end, or of a file. The longest match counts. */
  readonly path: string
  /**
   * What may be imported beside the room's own files: rooms by their path, or single files. With
   * `type ` in front, types only.
   */
  readonly mayImport: readonly string[]
  /** Files do not import each other; what they share is in `_underscore.ts` files. Default false. */
  readonly isApart?: boolean
  /** A file may name one outside package. Default false. */
  readonly mayNamePackages?: boolean
  /** A file may import what its users name, which is known only when it runs. Default false. */
  readonly mayLoadFiles?: boolean
  /** A file listed in `tsconfig.core.json` as Node-only may import `node:` modules. Default false. */
  readonly mayUseNode?: boolean
  /** The file hands names on, and holds no code. Default false. */
  readonly isBarrel?: boolean
}

const ground = ['platform/', 'errors.ts']
const session = ['signing/', 'formats/', 'settings.ts', 'diagnostics.ts', ...ground]
const http = ['session/', 'auth/', ...session]
const django = ['http/', 'session/codecs/', 'auth/hashers/', ...http]

/** The table. What is not in it is not allowed. */
export const rooms: readonly Room[] = [
  { path: 'errors.ts', mayImport: ['errors/'], isBarrel: true },
  { path: 'errors/', mayImport: [] },
  { path: 'settings.ts', mayImport: ['errors.ts'] },
  { path: 'platform/', mayImport: ['errors.ts'], mayUseNode: true },
  { path: 'diagnostics.ts', mayImport: ground },
  { path: 'formats/', mayImport: ground },
  {
    path: 'formats/pickle.ts',
    mayImport: ['formats/pickle-live.ts', 'formats/pickle-values.ts'],
    isBarrel: true,
  },
  { path: 'signing/', mayImport: ['formats/', ...ground] },
  { path: 'signing/index.ts', mayImport: ['signing/', 'formats/base62.ts'], isBarrel: true },
  { path: 'session/', mayImport: session },
  {
    path: 'session/codecs/',
    mayImport: ['session/codec.ts', 'session/limits.ts', 'signing/', 'formats/', ...ground],
    isApart: true,
  },
  {
    path: 'auth/',
    mayImport: ['auth/hashers/', 'session/', ...session],
  },
  { path: 'auth/index.ts', mayImport: ['auth/'], isBarrel: true },
  { path: 'auth/passwords.ts', mayImport: ['auth/', 'auth/hashers/hasher.ts'], isBarrel: true },
  {
    path: 'auth/hashers/',
    mayImport: ['auth/hashers/hasher.ts', 'formats/', ...ground],
    isApart: true,
    mayNamePackages: true,
  },
  { path: 'http/', mayImport: http },
  { path: 'django.ts', mayImport: django },
  { path: 'clearing.ts', mayImport: ['type django.ts', 'session/', ...session] },
  { path: 'index.ts', mayImport: ['django.ts', ...django], isBarrel: true },
  {
    path: 'stores/',
    mayImport: [
      'session/store.ts',
      'session/store-failure.ts',
      'session/timed-call.ts',
      'type session/codec.ts',
      'session/codecs/pickle.ts',
      'session/expiry.ts',
      'session/expiry-rule.ts',
      'session/back-off.ts',
      'session/keyed-queue.ts',
      'formats/',
      ...ground,
    ],
    isApart: true,
    mayNamePackages: true,
    mayUseNode: true,
  },
  {
    path: 'users/',
    mayImport: [
      'auth/user-store.ts',
      'auth/user-store-factory.ts',
      'auth/user-model.ts',
      'auth/user-key.ts',
      'stores/_kysely.ts',
      'stores/_sql-dates.ts',
      'stores/_kysely-sqlite.ts',
      'formats/',
      ...ground,
    ],
    isApart: true,
    mayNamePackages: true,
  },
  {
    path: 'adapters/',
    mayImport: [
      'http/exchange.ts',
      'http/hosts.ts',
      'type auth/guards.ts',
      'type auth/lazy-user.ts',
      'django.ts',
      'errors.ts',
    ],
    isApart: true,
    mayNamePackages: true,
    mayUseNode: true,
  },
  {
    path: 'service/',
    mayImport: ['stores/_http-wire.ts', 'session/', ...session],
    mayUseNode: true,
  },
  { path: 'service/index.ts', mayImport: ['service/'], isBarrel: true },
  {
    path: 'cli/',
    mayImport: ['cli/commands/', 'stores/', 'session/store.ts', ...ground],
    mayNamePackages: true,
    mayLoadFiles: true,
    mayUseNode: true,
  },
  {
    path: 'cli/commands/',
    mayImport: ['cli/', 'service/', ...ground],
    isApart: true,
    mayUseNode: true,
  },
  {
    path: 'testing/',
    mayImport: [
      'session/session.ts',
      'type session/sessions.ts',
      'session/store.ts',
      'session/codec.ts',
      'session/limits.ts',
      'formats/datetime.ts',
      'auth/user-key.ts',
      'auth/user-model.ts',
      'auth/user-store.ts',
      'type auth/user-store-factory.ts',
      'type auth/guards.ts',
      'http/exchange.ts',
      'type django.ts',
      'errors.ts',
    ],
  },
]

/** The room that a file below `src/` is in. */
export function roomOf(file: string): Room | null {
  const matching = rooms.filter(({ path }) =>
    path.endsWith('/') ? file.startsWith(path) : file === path,
  )
  return matching.sort((a, b) => b.path.length - a.path.length)[0] ?? null
}
