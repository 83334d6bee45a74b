/**
 * A client of memcached: binary-safe, with compare-and-swap, over several servers as pymemcache has
 * them.
 *
 * @module
 */
import { Buffer } from 'node:buffer'

import { ImproperlyConfiguredError } from '../errors.ts'
import type { Call } from '../session/store.ts'
import { MemcachedConnection, type ServerAddress } from './_memcached-connection.ts'
import type { MemcachedReply, MemcachedValue } from './_memcached-reply.ts'
import { serverOf } from './_memcached-servers.ts'

/** What is written: bytes, one character each, kept for so long. */
export interface MemcachedEntry {
  readonly flags: number
  /** In seconds up to 30 days, else the time of its end in seconds since 1970; below 0: not at all. */
  readonly exptime: number
  readonly bytes: string
}

/** What came of a write, and what stands there after it. */
export interface MemcachedWrite {
  readonly isStored: boolean
  readonly current: MemcachedValue | null
}

const cr = '\r\n'

/** Connections to the servers of one cache. Make it with `memcachedClient`. */
export class MemcachedClient {
  readonly #servers: readonly string[]
  readonly #connections: ReadonlyMap<string, MemcachedConnection>

  constructor(servers: readonly string[]) {
    this.#servers = servers
    this.#connections = new Map(
      servers.map((server) => [server, new MemcachedConnection(addressOf(server))]),
    )
  }

  async get(key: string, call?: Call): Promise<MemcachedValue | null> {
    const [reply] = await this.#run(key, [`gets ${wire(key)}${cr}`], call)
    return reply?.values[0] ?? null
  }

  /** The same for many keys, with one command for each server. */
  async getMany(keys: readonly string[], call?: Call): Promise<readonly MemcachedValue[]> {
    const byServer = new Map<string, string[]>()
    for (const key of keys) {
      const server = serverOf(key, this.#servers)
      const others = byServer.get(server)
      if (others) others.push(key)
      else byServer.set(server, [key])
    }
    const replies = await Promise.all(
      Array.from(byServer.values(), (asked) =>
        this.#run(asked[0] ?? '', [`gets ${asked.map(wire).join(' ')}${cr}`], call),
      ),
    )
    return replies.flat().flatMap(({ values }) => values)
  }

  /** Writes where there is nothing. */
  add(key: string, entry: MemcachedEntry, call?: Call): Promise<MemcachedWrite> {
    return this.#write(key, `add ${wire(key)} ${head(entry)}`, entry, call)
  }

  /** Writes where nobody wrote since the id was told. */
  cas(key: string, entry: MemcachedEntry, id: string, call?: Call): Promise<MemcachedWrite> {
    return this.#write(key, `cas ${wire(key)} ${head(entry)} ${id}`, entry, call)
  }

  /** Writes over whatever is there. */
  set(key: string, entry: MemcachedEntry, call?: Call): Promise<MemcachedWrite> {
    return this.#write(key, `set ${wire(key)} ${head(entry)}`, entry, call)
  }

  async touch(key: string, exptime: number, call?: Call): Promise<boolean> {
    const [reply] = await this.#run(key, [`touch ${wire(key)} ${exptime}${cr}`], call)
    return reply?.word === 'TOUCHED'
  }

  async delete(key: string, call?: Call): Promise<boolean> {
    const [reply] = await this.#run(key, [`delete ${wire(key)}${cr}`], call)
    return reply?.word === 'DELETED'
  }

  /** Ends all connections. */
  close(): void {
    for (const connection of this.#connections.values()) connection.close()
  }

  /** A write does not answer the new id, so that a look goes with it. */
  async #write(
    key: string,
    command: string,
    { bytes }: MemcachedEntry,
    call?: Call,
  ): Promise<MemcachedWrite> {
    const sent = [`${command}${cr}${bytes}${cr}`, `gets ${wire(key)}${cr}`]
    const [written, found] = await this.#run(key, sent, call)
    const word = written?.word ?? ''
    if (word === 'SERVER_ERROR') throw Object.assign(new Error('Not stored.'), { code: word })
    return { isStored: word === 'STORED', current: found?.values[0] ?? null }
  }

  async #run(
    key: string,
    commands: readonly string[],
    call?: Call,
  ): Promise<readonly MemcachedReply[]> {
    call?.signal?.throwIfAborted()
    const connection = this.#connections.get(serverOf(key, this.#servers))
    if (!connection) throw new TypeError('There is no memcached server.')
    return connection.run(
      commands.map((command) => Buffer.from(command, 'latin1')),
      call,
    )
  }
}

/** Keys are in UTF-8; one character a byte, as all that is sent. */
function wire(key: string): string {
  return Buffer.from(key).toString('latin1')
}

function head({ flags, exptime, bytes }: MemcachedEntry): string {
  return `${flags} ${exptime} ${bytes.length}`
}

/** Mirrors `normalize_server_spec` of pymemcache. */
function addressOf(server: string): ServerAddress {
  if (server.startsWith('unix:')) return { path: server.slice(5) }
  if (server.startsWith('/')) return { path: server }
  const [, host = server, port = '11211'] = /^(.*):(\d+)$/.exec(server) ?? []
  if (!server || Number(port) > 65_535) {
    throw new ImproperlyConfiguredError('servers', `"${server}" is no address such as host:11211.`)
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
}
