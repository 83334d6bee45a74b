/**
 * Compiles files of a project that has the package installed.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { runCommand } from '../../tools/_command.ts'

const strict = {
  strict: true,
  noEmit: true,
  target: 'ES2023',
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
}

/** What the compiler says of files in a project; empty for files in order. */
export async function compile(
  project: string,
  options: object,
  files: readonly string[],
): Promise<string> {
  const name = `tsconfig.${process.hrtime.bigint()}.json`
  const config = { compilerOptions: { ...strict, ...options }, files }
  writeFileSync(join(project, name), JSON.stringify(config))
  const tsc = resolve('node_modules/typescript/bin/tsc')
  const command = [process.execPath, tsc, '--pretty', 'false', '-p', name]
  const { isOk, output } = await runCommand(command, { cwd: project })
  return isOk ? '' : output
}
