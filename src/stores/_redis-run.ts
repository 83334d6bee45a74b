/**
 * Commands on their way to Redis, whatever client takes them there.
 *
 * @module
 */
import type { Buffer } from 'node:buffer'

import { StoreUnavailableError } from '../errors.ts'
import type { Call } from '../session/store.ts'
import { callIsOver, whenOver } from './_when-over.ts'

/** A part of a command: text goes as UTF-8. */
export type RedisArgument = string | Buffer

/** A command about one key. */
export interface RedisCommand {
  readonly key: string
  readonly args: RedisArgument[]
  /** It changes nothing, so that it may be sent twice. */
  readonly isRead: boolean
}

/** Takes commands to a server, or to those of a cluster. */
export interface Carrier {
  readonly isCluster: boolean
  /** Whether the connection was lost, and is not there again. */
  isDown(): boolean
  /** Answers texts as bytes. */
  send(command: RedisCommand, call: Call | undefined): Promise<unknown>
  /** Calls a function whenever a connection is lost, where the client then sends commands again. */
  readonly onLoss: ((listener: () => void) => void) | null
}

/** A script that the server keeps, by its SHA-1. */
export interface RedisScript {
  readonly text: string
  readonly sha: string
}

/** Runs commands. */
export class RedisRunner {
  readonly #carrier: Carrier
  /** What fails those that end with the connection. */
  readonly #underWay = new Set<(error: unknown) => void>()

  constructor(carrier: Carrier) {
    this.#carrier = carrier
    carrier.onLoss?.(() => {
      for (const fail of this.#underWay) fail(new Error('A connection was lost.'))
    })
  }

  get isCluster(): boolean {
    return this.#carrier.isCluster
  }

  /**
   * Runs a command. Sends nothing for a call whose time is over, nor while the connection is lost: what
   * waits for a server to come back would be done when nobody expects it any more.
   *
   * @throws The driver's errors that have a code; errors whose code is the server's; StoreUnavailableError.
   */
  run(command: RedisCommand, call?: Call): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let isOver = false
      const fail = (error: unknown): void => {
        isOver = true
        this.#underWay.delete(fail)
        reject(asCoded(error))
      }
      if (call) whenOver(call, () => fail(callIsOver('ETIMEDOUT')))
      if (!isOver && this.#carrier.isDown()) fail(new Error('The connection is lost.'))
      if (isOver) return
      if (this.#endsWithConnection(command)) this.#underWay.add(fail)
      this.#carrier.send(command, call).then((reply) => {
        this.#underWay.delete(fail)
        resolve(reply)
      }, fail)
    })
  }

  /**
   * Runs a script by its SHA-1, and hands it over where the server does not have it yet: it is new, or
   * took another one's place.
   */
  async runScript(
    { text, sha }: RedisScript,
    key: string,
    args: readonly RedisArgument[],
    call?: Call,
  ): Promise<unknown> {
    try {
      return await this.run({ key, args: ['EVALSHA', sha, '1', key, ...args], isRead: false }, call)
    } catch (error) {
      if (codeOf(error) !== 'NOSCRIPT') throw error
      return this.run({ key, args: ['EVAL', text, '1', key, ...args], isRead: false }, call)
    }
  }

  /** In a cluster other connections are there still, and what only reads may be sent again. */
  #endsWithConnection({ isRead }: RedisCommand): boolean {
    return this.#carrier.onLoss !== null && !(isRead && this.#carrier.isCluster)
  }
}

/** By the protocol, an error of the server begins with its code. Nothing that clients say does. */
const serverError = /^([A-Z]{3,})(?: |$)/

/** The server is there, and cannot do it now: it starts, or waits for a new master. */
const awayCodes: readonly string[] = [
  'LOADING',
  'CLUSTERDOWN',
  'MASTERDOWN',
  'READONLY',
  'TRYAGAIN',
  'BUSY',
  'NOREPLICAS',
]

/** An error with a code, or one of this package: clients say with text what happened to connections. */
function asCoded(error: unknown): unknown {
  if (!(error instanceof Error) || codeOf(error) !== undefined) return error
  const [, code] = serverError.exec(error.message) ?? []
  const isMistake = error instanceof TypeError || error instanceof RangeError
  if (code === undefined) return isMistake ? error : unavailable(error)
  const coded = Object.assign(new Error('Redis answered with an error.'), { code })
  return awayCodes.includes(code) ? unavailable(coded) : coded
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
}

function unavailable(cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError({ store: 'redisStore', operation: 'connect', cause })
}
