/**
 * Where the clone is, seen from the source and from what is compiled.
 *
 * @module
 */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/** The folder of the clone. */
export const projectRoot: string = dirname(
  createRequire(import.meta.url).resolve('async-django/package.json'),
)
