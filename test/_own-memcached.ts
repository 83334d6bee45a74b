/**
 * Memcached servers of our own, on ports of their own.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

import { MemcachedClient } from '../src/stores/_memcached-client.ts'
import { end, freePort, program } from './_own-servers.ts'

/** A memcached that can be brought down at any moment. */
export interface OwnMemcached {
  /** As Django's `LOCATION` has it. */
  readonly location: string
  start(): Promise<void>
  /** Ends it as it stands; so goes what it kept. */
  kill(): Promise<void>
  /** Has it stop in the middle of whatever it does, and go on. */
  pause(isPaused: boolean): void
}

/** An empty memcached, started. */
export async function startMemcached(): Promise<OwnMemcached> {
  const port = await freePort()
  const location = `127.0.0.1:${port}`
  let server: ChildProcess | null = null
  const start = async (): Promise<void> => {
    const args = ['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-u', 'nobody']
    server = spawn(program('memcached'), args, { stdio: 'ignore' })
    await answered(location, server)
  }
  await start()
  return {
    location,
    start,
    async kill() {
      if (server) await end(server, 'SIGKILL')
      server = null
    },
    pause: (isPaused) => void server?.kill(isPaused ? 'SIGSTOP' : 'SIGCONT'),
  }
}

async function answered(location: string, server: ChildProcess): Promise<void> {
  while (server.exitCode === null && server.signalCode === null) {
    const client = new MemcachedClient([location])
    const isThere = await client.get('nothing').then(
      () => true,
      () => false,
    )
    client.close()
    if (isThere) return
    await sleep(20)
  }
  throw new Error('memcached does not start.')
}
