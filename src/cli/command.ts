/**
 * The contract of a command.
 *
 * @module
 */
import type { ParseArgsConfig } from 'node:util'

import { isAsyncDjangoError } from '../errors.ts'

/** What a command may use of its process. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  /** A line for people, on standard output. */
  print(line: string): void
  /** A line about what went wrong, on standard error. */
  complain(line: string): void
  /** Fires when the process is asked to end. */
  readonly stop: AbortSignal
}

/** An option of a command. */
export type CommandOption = NonNullable<ParseArgsConfig['options']>[string] & {
  /** What it does, for `--help`. */
  readonly help: string
}

/** Values of options, as `node:util` reads them. */
export type CommandValues = Readonly<Record<string, string | boolean | undefined>>

/** A command of `async-django`. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly options: Readonly<Record<string, CommandOption>>
  /** What `--help` says beside the options. */
  readonly details: string
  /** Runs until it is done, or asked to end. @throws UsageError for values that cannot be. */
  run(values: CommandValues, terminal: Terminal): Promise<void>
}

/** What was typed cannot be. Its message names no value: it may be a secret. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What failed: our own messages hold no secret, and of others there is only the code. */
export function reasonOf(error: unknown): string {
  if (isAsyncDjangoError(error)) return error.message
  const code: unknown = Reflect.get(Object(error), 'code')
  return typeof code === 'string' ? `failed (${code}).` : 'failed, for a reason without a code.'
}
