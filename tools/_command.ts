/**
 * Runs a command of the project: one of `node_modules/.bin`, or any other.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { delimiter, resolve } from 'node:path'

/** How to run a command. */
export interface CommandOptions {
  /** Hand the output on as it comes, instead of keeping it. Default false. */
  readonly isLoud?: boolean
  /** Variables to add to the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Stop the command after so many minutes, as failed. */
  readonly maxMinutes?: number
  readonly cwd?: string
}

/** What came of a command. */
export interface CommandResult {
  readonly isOk: boolean
  /** Whether it was stopped, as its time was over. */
  readonly isStopped: boolean
  /** What it printed, on both streams; empty for a loud one. */
  readonly output: string
}

/** Runs a command to its end. Never throws: a command that cannot be started has failed. */
export function runCommand(
  [name = '', ...args]: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { isLoud = false, env, maxMinutes = 15, cwd } = options
  return new Promise((settle) => {
    const child = spawn(name, args, {
      stdio: ['ignore', isLoud ? 'inherit' : 'pipe', isLoud ? 'inherit' : 'pipe'],
      env: { ...process.env, PATH: searchPath(), ...env },
      shell: process.platform === 'win32',
      timeout: maxMinutes * 60_000,
      ...(cwd === undefined ? {} : { cwd }),
    })
    const parts: string[] = []
    const keep = (part: Buffer): void => {
      parts.push(part.toString())
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    child.on('error', (error) => parts.push(error.message))
    child.on('close', (code, signal) => {
      if (signal !== null) parts.push(`stopped by ${signal} (the limit is ${maxMinutes} minutes)\n`)
      settle({ isOk: code === 0, isStopped: signal !== null, output: parts.join('') })
    })
  })
}

function searchPath(): string {
  return [resolve('node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter)
}
