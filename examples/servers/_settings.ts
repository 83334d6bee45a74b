/**
 * What a server beside the Django site is told by its environment variables.
 *
 * @module
 */
import type { AuthOptions } from 'async-django/auth'

/** One server's place among the others. */
export interface ServerSettings {
  /** Its name on the page. */
  readonly name: string
  /** Django's `SECRET_KEY`. */
  readonly secretKey: string
  /** The database that Django uses. */
  readonly databaseUrl: string
  /** The addresses of all servers, by name. */
  readonly servers: Readonly<Record<string, string>>
  /** Its own address, without a slash at the end. */
  readonly here: string
  readonly host: string
  readonly port: number
}

/** @throws Error for a variable that is missing. */
export function readSettings(name: string): ServerSettings {
  const servers = JSON.parse(variable('DEMO_SERVERS')) as Record<string, string>
  const here = servers[name]
  if (here === undefined) throw new Error(`DEMO_SERVERS names no server ${name}.`)
  const { hostname, port } = new URL(here)
  return {
    name,
    secretKey: variable('DEMO_SECRET_KEY'),
    databaseUrl: variable('DEMO_DATABASE_URL'),
    servers,
    here,
    host: hostname,
    port: Number(port),
  }
}

function variable(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`Set ${name}, or start the server by "npm run demo".`)
  return value
}

/** As in the Django site's settings. */
export const authPasswordValidators: NonNullable<AuthOptions['authPasswordValidators']> = [
  { name: 'django.contrib.auth.password_validation.UserAttributeSimilarityValidator' },
  { name: 'django.contrib.auth.password_validation.MinimumLengthValidator' },
  { name: 'django.contrib.auth.password_validation.CommonPasswordValidator' },
  { name: 'django.contrib.auth.password_validation.NumericPasswordValidator' },
]
