/**
 * `async-django serve`: a session service.
 *
 * @module
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'

import { serveSessions, type ServeOptions } from '../../service/node.ts'
import { createSessionService, type ServiceFailure } from '../../service/session-service.ts'
import {
  type Command,
  type CommandValues,
  reasonOf,
  type Terminal,
  UsageError,
} from '../command.ts'
import { openStore } from '../open-store.ts'

/** The command. */
export const serve: Command = {
  name: 'serve',
  summary: 'sessions over HTTP, for servers that must not hold the password of the database',
  options: {
    store: { type: 'string', help: 'postgres://…, redis://…, memory:, or a module' },
    port: { type: 'string', help: 'default 8787; 0 for any that is free' },
    host: { type: 'string', help: 'the address to listen on; default 127.0.0.1' },
    'tokens-file': { type: 'string', help: 'tokens that may read and write, one a line' },
    'read-only-tokens-file': { type: 'string', help: 'tokens that may only read, one a line' },
    'tls-cert': { type: 'string', help: 'a certificate in PEM: serve HTTPS' },
    'tls-key': { type: 'string', help: 'its key in PEM' },
    table: { type: 'string', help: 'the table; default django_session' },
    connections: { type: 'string', help: 'to the database, at most; default 10' },
    'no-use-tz': { type: 'boolean', help: 'as USE_TZ = False in Django' },
    'time-zone': { type: 'string', help: 'TIME_ZONE, where USE_TZ is False' },
    'store-timeout-ms': { type: 'string', help: 'what a request may wait for it; default 5000' },
    'max-payload-bytes': { type: 'string', help: 'the longest payload; default 1048576' },
    'shutdown-ms': { type: 'string', help: 'what is under way may take at the end; default 10000' },
  },
  details: [
    'Secrets stay out of the arguments, which everybody on the machine can read:',
    '  ASYNC_DJANGO_STORE              instead of --store, for a URL with a password',
    '  ASYNC_DJANGO_TOKENS             instead of --tokens-file, with spaces between tokens',
    '  ASYNC_DJANGO_READ_ONLY_TOKENS   instead of --read-only-tokens-file',
    'A token is 32 characters or more: openssl rand -base64 32.',
    'SIGTERM ends it: what is under way is finished, nothing else is taken.',
  ].join('\n'),
  run: serveUntilStopped,
}

async function serveUntilStopped(values: CommandValues, terminal: Terminal): Promise<void> {
  const { env, print, complain, stop } = terminal
  const tokens = await readTokens(values, 'tokens-file', env['ASYNC_DJANGO_TOKENS'])
  const readOnlyTokens = await readTokens(
    values,
    'read-only-tokens-file',
    env['ASYNC_DJANGO_READ_ONLY_TOKENS'],
  )
  const listening = await listeningOptions(values)
  const storeTimeoutMs = numberIn(values, 'store-timeout-ms')
  const maxPayloadBytes = numberIn(values, 'max-payload-bytes')
  const settings = settingsIn(values)
  const { store, place, close } = await openStore(storeName(values, terminal), {
    table: textIn(values, 'table'),
    connections: numberIn(values, 'connections') ?? 10,
    onError: (error) => complain(`${place}: a connection ${reasonOf(error)}`),
  })
  try {
    const service = createSessionService({
      store,
      tokens,
      readOnlyTokens,
      settings,
      onFailure: (failure) => complain(failureLine(failure)),
      ...(storeTimeoutMs !== null && { storeTimeoutMs }),
      ...(maxPayloadBytes !== null && { maxPayloadBytes }),
    })
    const server = await serveSessions(service, listening)
    print(`Sessions of ${place} at ${server.url}`)
    if (!stop.aborted) await once(stop, 'abort')
    print('Ending: what is under way is finished.')
    await server.close()
  } finally {
    await close()
  }
  print('Ended.')
}

function storeName(values: CommandValues, { env, complain }: Terminal): string {
  const given = textIn(values, 'store')
  const name = given ?? env['ASYNC_DJANGO_STORE']
  if (!name) throw new UsageError('say --store, or set ASYNC_DJANGO_STORE.')
  if (given !== null && URL.canParse(given) && new URL(given).password !== '') {
    complain(
      'Everybody on this machine can read the password in --store: set ASYNC_DJANGO_STORE instead.',
    )
  }
  return name
}

/** Lines that begin with # say whose the tokens are. */
async function readTokens(
  values: CommandValues,
  option: string,
  fromEnvironment: string | undefined,
): Promise<readonly string[]> {
  const file = textIn(values, option)
  const lines = file === null ? [] : (await readText(file, option)).split('\n')
  const tokens = lines.map((line) => line.trim()).filter((line) => line && !line.startsWith('#'))
  return [...tokens, ...(fromEnvironment?.split(/\s+/).filter(Boolean) ?? [])]
}

async function readText(file: string, option: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`the file of --${option} cannot be read: it ${reasonOf(error)}`)
  }
}

async function listeningOptions(values: CommandValues): Promise<ServeOptions> {
  const port = numberIn(values, 'port')
  const host = textIn(values, 'host')
  const shutdownMs = numberIn(values, 'shutdown-ms')
  const [certFile, keyFile] = [textIn(values, 'tls-cert'), textIn(values, 'tls-key')]
  if ((certFile === null) !== (keyFile === null)) {
    throw new UsageError('--tls-cert and --tls-key belong together.')
  }
  return {
    ...(port !== null && { port }),
    ...(host !== null && { host }),
    ...(shutdownMs !== null && { shutdownMs }),
    ...(certFile !== null &&
      keyFile !== null && {
        tls: {
          cert: await readText(certFile, 'tls-cert'),
          key: await readText(keyFile, 'tls-key'),
        },
      }),
  }
}

function settingsIn(values: CommandValues): { useTz?: boolean; timeZone?: string } {
  const timeZone = textIn(values, 'time-zone')
  return {
    ...(values['no-use-tz'] === true && { useTz: false }),
    ...(timeZone !== null && { timeZone }),
  }
}

function textIn(values: CommandValues, option: string): string | null {
  const value = values[option]
  return typeof value === 'string' ? value : null
}

function numberIn(values: CommandValues, option: string): number | null {
  const text = textIn(values, option)
  if (text === null) return null
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${option} takes a whole number.`)
  return Number(text)
}

/** No path, which may hold a key, and nothing of what a driver says. */
function failureLine({ method, status, error }: ServiceFailure): string {
  return `${method} was answered ${status}: ${reasonOf(error)}`
}
