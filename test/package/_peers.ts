/**
 * The packages that an application may bring.
 *
 * @module
 */
import { readJson } from '../../tools/_project.ts'

const { peerDependencies } = readJson('package.json') as { readonly peerDependencies: object }

/** Their names. */
export const peers: readonly string[] = Object.keys(peerDependencies)

/** Subpaths that need one, and are not named after it. */
const needing: readonly string[] = ['async-django/stores/fallback']

/** Whether a subpath needs one of them: `stores/kysely`, or `nest` for `@nestjs/core`. */
export function isOfPeer(subpath: string): boolean {
  const own = peers.map((name) => name.replace(/^@/, '').replace(/(js)?\/.*/, ''))
  return needing.includes(subpath) || own.some((name) => subpath.split('/').includes(name))
}
