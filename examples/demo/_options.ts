/**
 * The command line of the demo.
 *
 * @module
 */
import { parseArgs } from 'node:util'

/** What the demo is asked to do. */
export interface DemoOptions {
  /** Walk through all servers without a person, and say what was seen. */
  readonly check: boolean
  /** The first port; the servers take it and the next ones. */
  readonly port: number
  /** Do without Django. */
  readonly noPython: boolean
  /** Forget the sessions and users of earlier runs. */
  readonly fresh: boolean
  /** Another database than the SQLite file. */
  readonly database: string | null
  readonly help: boolean
}

/** How to call it. */
export const usage = `npm run demo -- [options]

Starts a Django site and servers of Hono, Express, Fastify and NestJS, that share one session.

  --check           walk through them without a person, print what was seen, and stop
  --port N          the first of the ports (default 8000)
  --database URL    postgres://… or mysql://… of an empty database, instead of an SQLite file
  --fresh           forget the sessions and users of earlier runs
  --no-python       TypeScript servers only
  --help            this text
`

/** Wrong use of the command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** @throws UsageError with what is wrong in one line. */
export function readOptions(args: readonly string[]): DemoOptions {
  const values = parse(args)
  const { database = null, fresh = false } = values
  if (database !== null && !/^(postgres(ql)?|mysql|mariadb):\/\//.test(database)) {
    throw new UsageError('--database takes a URL that begins with postgres:// or mysql://.')
  }
  if (database !== null && fresh) {
    throw new UsageError('--fresh removes the SQLite file of the demo, and no other database.')
  }
  return {
    check: values.check ?? false,
    port: readPort(values.port ?? '8000'),
    noPython: values['no-python'] ?? false,
    fresh,
    database,
    help: values.help ?? false,
  }
}

interface Values {
  readonly check?: boolean
  readonly port?: string
  readonly database?: string
  readonly fresh?: boolean
  readonly 'no-python'?: boolean
  readonly help?: boolean
}

function parse(args: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...args],
      options: {
        check: { type: 'boolean' },
        port: { type: 'string' },
        database: { type: 'string' },
        fresh: { type: 'boolean' },
        'no-python': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_000) return port
  throw new UsageError('--port takes a number from 1 to 65000.')
}
