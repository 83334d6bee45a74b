/**
 * The packages that an application may bring.
 *
 * @module
 */
import { readJson } from '../../tools/_project.ts'

const { peerDependencies } = readJson('package.json') as { readonly peerDependencies: object }

/** Their names. */
export const peers: readonly string[] = Object.keys(peerDependencies)

/** Whether a subpath is named after one of them: `async-django/stores/kysely`. */
export function isOfPeer(subpath: string): boolean {
  const own = peers.map((name) => name.replace(/^@/, '').replace(/\/.*/, ''))
  return own.some((name) => subpath.split('/').includes(name))
}
