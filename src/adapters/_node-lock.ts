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

/**
 * Locks a response.
 *
 * @param holdFlush - Called instead of `response.flush()`, which the package `compression` adds.
 */
export function lockResponse(
  response: ServerResponse,
  output: HeldOutput,
  holdFlush: (flush: () => unknown) => void,
): ResponseLock {
  let isLifted = false
  const { statusCode, statusMessage } = response
  const guard = (name: string, change: string): PropertyDescriptor => {
    const method = Reflect.get(response, name) as (...args: unknown[]) => unknown
    const value = (...args: unknown[]): unknown => {
      if (!isLifted) throw headersSentError(change)
      return Reflect.apply(method, response, args)
    }
    return { value }
  }
  const flush: unknown = Reflect.get(response, 'flush')
  const restore = override(response, {
    headersSent: { get: () => !isLifted },
    writableEnded: { get: () => output.isEnded },
    writableLength: { get: () => output.length },
    writableNeedDrain: { get: () => output.needsDrain && !response.destroyed },
    setHeader: guard('setHeader', 'set'),
    setHeaders: guard('setHeaders', 'set'),
    appendHeader: guard('appendHeader', 'append'),
    removeHeader: guard('removeHeader', 'remove'),
    ...(isMethod(flush) && { flush: { value: () => holdFlush(flush) } }),
  })
  return {
    lift(task) {
      isLifted = true
      try {
        task()
      } finally {
        isLifted = false
      }
    },
    unlock() {
      restore()
      response.statusCode = statusCode
      response.statusMessage = statusMessage
    },
  }
}

function isMethod(value: unknown): value is () => unknown {
  return typeof value === 'function'
}

/** As Node itself throws it: handlers know it by its code. */
export function headersSentError(change: string): Error {
  return Object.assign(new Error(`Cannot ${change} headers after they are sent to the client`), {
    code: 'ERR_HTTP_HEADERS_SENT',
  })
}

/** Lays properties over an object's; the answer takes them off again. */
function override(target: object, properties: PropertyDescriptorMap): () => void {
  const covered = Object.keys(properties).map((name) => ({
    name,
    property: Object.getOwnPropertyDescriptor(target, name),
  }))
  for (const [name, property] of Object.entries(properties)) {
    Object.defineProperty(target, name, { ...property, configurable: true })
  }
  return () => {
    for (const { name, property } of covered) {
      if (property) Object.defineProperty(target, name, property)
      else Reflect.deleteProperty(target, name)
    }
  }
}
