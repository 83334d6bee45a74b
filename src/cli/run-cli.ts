/**
 * `async-django <command>`.
 *
 * @module
 */
import { parseArgs } from 'node:util'

import { type Command, reasonOf, type Terminal, UsageError } from './command.ts'
import { serve } from './commands/serve.ts'

const commands: readonly Command[] = [serve]

/** Runs a command. Answers the exit code: 2 for a wrong use. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args
  const command = commands.find((one) => one.name === name)
  if (!command) {
    const isAsked = name === undefined || name === '--help' || name === '-h'
    if (isAsked) terminal.print(usage())
    else terminal.complain(`There is no such command. async-django --help names them.`)
    return isAsked ? 0 : 2
  }
  try {
    const options = { ...command.options, help: { type: 'boolean' } } as const
    const { values, positionals } = parseArgs({ args: rest, options, allowPositionals: true })
    if (positionals.length > 0) throw new UsageError('takes options, and nothing beside them.')
    if (values.help) terminal.print(helpOf(command))
    else await command.run(values, terminal)
    return 0
  } catch (error) {
    return fail(command, error, terminal)
  }
}

function fail(command: Command, error: unknown, terminal: Terminal): number {
  if (isWrongUse(error)) {
    terminal.complain(`async-django ${command.name}: ${error.message}`)
    terminal.complain(`async-django ${command.name} --help tells more.`)
    return 2
  }
  terminal.complain(`async-django ${command.name}: ${reasonOf(error)}`)
  return 1
}

/** Messages of `node:util` name options, and no values. */
function isWrongUse(error: unknown): error is Error {
  if (error instanceof UsageError) return true
  const code: unknown = Reflect.get(Object(error), 'code')
  return error instanceof TypeError && String(code).startsWith('ERR_PARSE_ARGS_')
}

function usage(): string {
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`)
  return ['async-django <command>', '', ...lines, '', 'async-django <command> --help'].join('\n')
}

function helpOf({ name, summary, options, details }: Command): string {
  const lines = Object.entries(options).map(([option, { type, help }]) => {
    const shown = type === 'boolean' ? `--${option}` : `--${option} <…>`
    return `  ${shown.padEnd(30)}${help}`
  })
  return [`async-django ${name}: ${summary}`, '', ...lines, '', details].join('\n')
}
