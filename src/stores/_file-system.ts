/**
 * What stores need of a file system.
 *
 * @module
 */
import { accessSync, constants, statSync } from 'node:fs'

/** The code of a failure; empty text where it has none. */
export function codeOf(error: unknown): string {
  return String(Reflect.get(Object(error), 'code') ?? '')
}

/** What a failure says where it says that a file is not there: null. Throws any other. */
export function unlessMissing(error: unknown): null {
  if (codeOf(error) === 'ENOENT') return null
  throw error
}

/** Whether a path is that of a folder. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Where Python keeps temporary files. Mirrors `tempfile.gettempdir`. */
export function temporaryFolder(): string {
  const named = ['TMPDIR', 'TEMP', 'TMP'].map((name) => process.env[name])
  const usual =
    process.platform === 'win32'
      ? ['c:\\temp', 'c:\\tmp', '\\temp', '\\tmp']
      : ['/tmp', '/var/tmp', '/usr/tmp']
  const folders = [...named, ...usual].filter((folder): folder is string => Boolean(folder))
  return folders.find(isWritable) ?? process.cwd()
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return isFolder(folder)
  } catch {
    return false
  }
}
