/**
 * `npm run bench`: the programs of this folder, one after the other, or those that are named:
 * `npm run bench -- hashing 20`. What follows a name, or comes before any, is handed on.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

import { projectRoot } from '../tools/_root.ts'

/** Run where none is named. */
const usual = ['servers', 'layers', 'package']
const all = [...usual, 'peers', 'hashing', 'logins', 'clearing', 'stores', 'service']

const args = process.argv.slice(2)
const named = args.filter((arg) => all.includes(arg))
const handedOn = args.filter((arg) => !all.includes(arg))

for (const name of named.length > 0 ? named : usual) {
  const program = join(projectRoot, `build/bench/${name}.js`)
  const { status } = spawnSync(process.execPath, [program, ...handedOn], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
