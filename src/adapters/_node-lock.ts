/**
 * Makes a Node response that is held back look as if its headers had left: what cannot be done to a
 * response that has begun cannot be done to this one either.
 *
 * @module
 */
import type { ServerResponse } from 'node:http'

/** What was written to a response, and has not left. */
export interface HeldOutput {
  /** Bytes. */
  readonly length: number
  readonly needsDrain: boolean
  readonly isEnded: boolean
}

/** A lock on one response. */
export interface ResponseLock {
  /** Runs a task that may change headers. */
  lift(task: () => void): void
  /** Ends the lock; the response has the status again that it was locked with. */
  unlock(): void
}

interface LockState {
  readonly output: HeldOutput
  readonly holdFlush: (flush: () => unknown) => void
  /** What other middleware laid over the response, under the lock. */
  readonly own: PropertyDescriptorMap
  isLocked: boolean
  isLifted: boolean
}

const stateKey: unique symbol = Symbol('async-django.lock')

interface LockedResponse extends ServerResponse {
  [stateKey]?: LockState
}

/**
 * Locks a response.
 *
 * @param holdFlush - Called instead of `response.flush()`, which the package `compression` adds.
 */
export function lockResponse(
  response: LockedResponse,
  output: HeldOutput,
  holdFlush: (flush: () => unknown) => void,
): ResponseLock {
  const { statusCode, statusMessage } = response
  const own = ownProperties(response)
  const state: LockState = { output, holdFlush, own, isLocked: true, isLifted: false }
  response[stateKey] = state
  Object.defineProperties(response, properties)
  if (isMethod(Reflect.get(response, 'flush'))) Object.defineProperties(response, flushProperty)
  return {
    lift(task) {
      state.isLifted = true
      try {
        task()
      } finally {
        state.isLifted = false
      }
    },
    unlock() {
      state.isLocked = false
      Object.defineProperties(response, own)
      response.statusCode = statusCode
      response.statusMessage = statusMessage
    },
  }
}

function ownProperties(response: ServerResponse): PropertyDescriptorMap {
  const own: PropertyDescriptorMap = {}
  for (const [name, { get, value }] of lockable) {
    const property = Object.getOwnPropertyDescriptor(response, name)
    const isOurs = property && property.get === get && property.value === value
    if (property && !isOurs) own[name] = property
  }
  return own
}

/** What a response has at a name where it is not locked, or its lock is lifted. */
function below(response: LockedResponse, name: string): unknown {
  const own = response[stateKey]?.own[name]
  if (own) return own.get ? Reflect.apply(own.get, response, []) : own.value
  return Reflect.get(Object.getPrototypeOf(response) as object, name, response)
}

type Properties = PropertyDescriptorMap & ThisType<LockedResponse>

/** What is something else while the response is locked. */
function lockedValue(name: string, whileLocked: (state: LockState) => unknown): Properties {
  return {
    [name]: {
      configurable: true,
      get() {
        const state = this[stateKey]
        return state?.isLocked ? whileLocked.call(this, state) : below(this, name)
      },
    },
  }
}

/** What throws while the response is locked. */
function lockedMethod(name: string, change: string): Properties {
  return {
    [name]: {
      configurable: true,
      writable: true,
      value(...args: unknown[]): unknown {
        const state = this[stateKey]
        if (state?.isLocked && !state.isLifted) throw headersSentError(change)
        return Reflect.apply(below(this, name) as () => unknown, this, args)
      },
    },
  }
}

/**
 * The same for all responses, and they stay: properties that are made for each response, or taken
 * off, have Node look up all others of it one by one.
 */
const properties: Properties = {
  ...lockedValue('headersSent', ({ isLifted }) => !isLifted),
  ...lockedValue('writableEnded', ({ output }) => output.isEnded),
  ...lockedValue('writableLength', ({ output }) => output.length),
  ...lockedValue('writableNeedDrain', function (this: LockedResponse, { output }) {
    return output.needsDrain && !this.destroyed
  }),
  ...lockedMethod('setHeader', 'set'),
  ...lockedMethod('setHeaders', 'set'),
  ...lockedMethod('appendHeader', 'append'),
  ...lockedMethod('removeHeader', 'remove'),
}

const flushProperty: Properties = {
  flush: {
    configurable: true,
    writable: true,
    value() {
      const state = this[stateKey]
      const flush = below(this, 'flush') as () => unknown
      if (state?.isLocked) state.holdFlush(flush)
      else Reflect.apply(flush, this, [])
    },
  },
}

const lockable = Object.entries({ ...properties, ...flushProperty })

function isMethod(value: unknown): value is () => unknown {
  return typeof value === 'function'
}

/** As Node itself throws it: handlers know it by its code. */
export function headersSentError(change: string): Error {
  return Object.assign(new Error(`Cannot ${change} headers after they are sent to the client`), {
    code: 'ERR_HTTP_HEADERS_SENT',
  })
}
