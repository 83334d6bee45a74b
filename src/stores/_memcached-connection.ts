/**
 * A connection to one memcached server, by its text protocol. Commands are sent as they come, and
 * answered in that order.
 *
 * @module
 */
import { Buffer } from 'node:buffer'
import { connect, type Socket } from 'node:net'

import type { Call } from '../session/store.ts'
import { type MemcachedReply, readReply } from './_memcached-reply.ts'

/** A server, as Django's `LOCATION` names it. */
export interface ServerAddress {
  readonly host?: string
  readonly port?: number
  /** Of a socket in the file system, instead. */
  readonly path?: string
}

/** Within this time after a server could not be reached, nobody tries again. */
const pauseMs = 500
const connectMs = 2000
/** Answers after which nobody knows what belongs to what. */
const broken = ['ERROR', 'CLIENT_ERROR']

interface Command {
  readonly resolve: (reply: MemcachedReply) => void
  readonly reject: (error: Error) => void
}

/** One connection, made when it is needed, and again after it was lost. */
export class MemcachedConnection {
  readonly #address: ServerAddress
  readonly #underWay: Command[] = []
  #socket: Socket | null = null
  #received: Buffer = Buffer.alloc(0)
  #refusedUntil = 0

  constructor(address: ServerAddress) {
    this.#address = address
  }

  /**
   * Sends commands at once, and answers their replies.
   *
   * @throws Error with the code `ECONNREFUSED` and its like; `ETIMEDOUT` where the time of the call
   * is over, which also ends the connection, as everybody behind would wait, too.
   */
  run(commands: readonly Buffer[], call?: Call): Promise<readonly MemcachedReply[]> {
    if (performance.now() < this.#refusedUntil) return Promise.reject(lost('ECONNREFUSED'))
    const socket = (this.#socket ??= this.#connect())
    const replies = commands.map(
      () =>
        new Promise<MemcachedReply>((resolve, reject) => {
          this.#underWay.push({ resolve, reject })
        }),
    )
    socket.ref()
    socket.write(commands.length === 1 ? (commands[0] ?? '') : Buffer.concat(commands))
    const answered = Promise.all(replies)
    let isOver = false
    const giveUp = (): void => {
      if (!isOver && this.#socket === socket) this.#lose(socket, lost('ETIMEDOUT'))
    }
    if (call?.onTimeout) call.onTimeout(giveUp)
    else call?.signal?.addEventListener('abort', giveUp, { once: true })
    const settle = (): void => {
      isOver = true
      if (!call?.onTimeout) call?.signal?.removeEventListener('abort', giveUp)
    }
    answered.then(settle, settle)
    return answered
  }

  /** Ends the connection; what is under way fails. */
  close(): void {
    if (this.#socket) this.#lose(this.#socket, lost('ECONNRESET'))
  }

  #connect(): Socket {
    const { path, host = 'localhost', port = 11_211 } = this.#address
    const socket = path === undefined ? connect({ host, port, noDelay: true }) : connect({ path })
    socket.setTimeout(connectMs, () => this.#refuse(socket, lost('ETIMEDOUT')))
    socket.once('connect', () => {
      socket.setTimeout(0)
      this.#refusedUntil = 0
    })
    socket.on('data', (part) => this.#receive(socket, part))
    socket.on('error', (error) => this.#refuse(socket, error))
    socket.on('close', () => this.#lose(socket, lost('ECONNRESET')))
    return socket
  }

  #refuse(socket: Socket, error: Error): void {
    if (socket === this.#socket && socket.connecting) {
      this.#refusedUntil = performance.now() + pauseMs
    }
    this.#lose(socket, error)
  }

  #receive(socket: Socket, part: Buffer): void {
    this.#received = this.#received.length === 0 ? part : Buffer.concat([this.#received, part])
    let at = 0
    for (;;) {
      const read = this.#underWay.length > 0 ? readReply(this.#received, at) : null
      if (read === null) break
      at = read.end
      if (broken.includes(read.reply.word)) return this.#lose(socket, lost(read.reply.word))
      this.#underWay.shift()?.resolve(read.reply)
    }
    this.#received = this.#received.subarray(at)
    if (this.#underWay.length === 0) socket.unref()
  }

  #lose(socket: Socket, error: Error): void {
    socket.destroy()
    if (socket !== this.#socket) return
    this.#socket = null
    this.#received = Buffer.alloc(0)
    for (const { reject } of this.#underWay.splice(0)) reject(error)
  }
}

function lost(code: string): Error {
  return Object.assign(new Error('The connection to memcached is lost.'), { code })
}
