/**
 * What handlers do to a Node response. Each is run with and without a session to save: the client,
 * and the handler itself, must not be able to tell one from the other.
 *
 * @module
 */
import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import type { NextFunction, Request, Response } from 'express'

import { requestText } from '../fixtures/raw-http.ts'

/** What a handler notices. */
export type Log = (event: string) => void

/** One way to answer. */
export interface GateCase {
  readonly handle: (request: Request, response: Response, log: Log, next: NextFunction) => unknown
  /** The request; default: a plain GET. */
  readonly text?: (path: string) => string
  /** How many responses there are to it. Default 1. */
  readonly count?: number
  /** Whether the connection is cut, so that what arrives is a matter of luck. */
  readonly isCut?: boolean
  /** Whether there are 1xx responses, that wait for no save. */
  readonly isInformed?: boolean
  /** Whether the response is an error that saves nothing. */
  readonly isFailure?: boolean
  /** Whether the response passes through `compression`. */
  readonly isCompressed?: boolean
}

const file = fileURLToPath(import.meta.url)

const attempt = (log: Log, task: () => unknown): void => {
  try {
    log(`ok ${typeof task()}`)
  } catch (error) {
    log(String(error instanceof Error && Reflect.get(error, 'code')))
  }
}

const withHeaders =
  (headers: string) =>
  (path: string): string =>
    requestText(path, { headers })
const head = (path: string): string => requestText(path, { method: 'HEAD' })
const ofVersion10 = (path: string): string => requestText(path, { version: '1.0' })
const three = (path: string): string => [1, 2, 3].map((n) => requestText(`${path}?n=${n}`)).join('')

async function* slowly(count: number): AsyncGenerator<string> {
  for (let at = 0; at < count; at++) {
    yield `chunk ${at}`
    await sleep(15)
  }
}

/** Answered at once. */
const whole: Record<string, GateCase> = {
  json: { handle: (_, response) => response.json({ a: 1 }) },
  text: { handle: (_, response) => response.send('hello é') },
  buffer: { handle: (_, response) => response.send(Buffer.from('bytes')) },
  redirect: { handle: (_, response) => response.redirect('/x') },
  'no content': { handle: (_, response) => response.sendStatus(204) },
  'end()': { handle: (_, response) => response.end() },
  'end(text)': { handle: (_, response) => response.end('x') },
  'end(text, encoding)': { handle: (_, response) => response.end('68656c6c6f', 'hex') },
  'end(text, callback)': { handle: (_, response, log) => response.end('x', () => log('ended')) },
  'end(callback)': { handle: (_, response, log) => response.end(() => log('ended')) },
  'end(falsy)': { handle: (_, response) => Reflect.apply(response.end, response, [0]) as unknown },
  'end(number)': {
    handle(_, response, log) {
      attempt(log, () => Reflect.apply(response.end, response, [5]) as unknown)
      response.end('x')
    },
  },
  'connection: close': {
    text: withHeaders('Connection: close\r\n'),
    handle: (_, response) => response.send('bye'),
  },
  'HTTP/1.0': { text: ofVersion10, handle: (_, response) => response.end('ten') },
  events: {
    handle(_, response, log) {
      response.on('prefinish', () => log('prefinish'))
      response.on('finish', () => log(`finish ${response.writableFinished}`))
      response.on('close', () => log('close'))
      response.json({ a: 1 })
    },
  },
}

/** HEAD, 304, ranges. */
const bodiless: Record<string, GateCase> = {
  'HEAD json': { text: head, handle: (_, response) => response.json({ a: 1 }) },
  'HEAD end(text)': { text: head, handle: (_, response) => response.end('xyz') },
  'HEAD write(text)': {
    text: head,
    handle(_, response) {
      response.write('xyz')
      response.end('q')
    },
  },
  'HEAD of a big pipe': {
    text: head,
    handle(_, response, log) {
      const source = Readable.from(Array.from({ length: 60 }, () => 'x'.repeat(1000)))
      source.on('end', () => log('end')).pipe(response)
    },
  },
  '204 with a big pipe': {
    handle(_, response, log) {
      const source = Readable.from(Array.from({ length: 60 }, () => 'x'.repeat(1000)))
      source.on('end', () => log('end')).pipe(response.status(204))
    },
  },
  'fresh, so 304': {
    text: withHeaders('If-None-Match: "e"\r\n'),
    handle: (_, response) => response.set('ETag', '"e"').send('body'),
  },
  '304 by hand': { handle: (_, response) => response.status(304).end() },
  file: { handle: (_, response) => response.sendFile(file, { lastModified: false }) },
  'file, a range': {
    text: withHeaders('Range: bytes=5-9\r\n'),
    handle: (_, response) => response.sendFile(file),
  },
}

/** `writeHead`, and what headers may be. */
const heads: Record<string, GateCase> = {
  'writeHead(status, headers)': {
    handle: (_, response) =>
      response.writeHead(201, { 'X-A': '1', 'Content-Type': 'a/b' }).end('ok'),
  },
  'writeHead(status, reason, list)': {
    handle: (_, response) => response.writeHead(202, 'Custom', ['X-A', '1', 'X-B', '2']).end('ok'),
  },
  'writeHead(status, reason)': {
    handle: (_, response) => response.writeHead(202, '').end('ok'),
  },
  'writeHead over Set-Cookie': {
    handle(_, response) {
      response.setHeader('Set-Cookie', 'z=0')
      response.writeHead(200, { 'Set-Cookie': ['a=1', 'b=2'] }).end('ok')
    },
  },
  'writeHead over Vary': {
    handle(_, response) {
      response.setHeader('Vary', 'Origin')
      response.writeHead(200, { vary: 'Accept' }).end('ok')
    },
  },
  'writeHead with Content-Length': {
    handle(_, response) {
      response.writeHead(200, { 'Content-Length': 2 })
      response.write('o')
      response.end('k')
    },
  },
  'writeHead twice': {
    handle(_, response, log) {
      response.writeHead(200)
      attempt(log, () => response.writeHead(201))
      response.end('k')
    },
  },
  'writeHead of a status that is none': {
    handle(_, response, log) {
      for (const status of [99, 1000, 9999, Number.NaN]) {
        attempt(log, () => response.writeHead(status))
      }
      response.statusCode = 200
      response.end('x')
    },
  },
  'writeHead with a bad value': {
    handle(_, response, log) {
      attempt(log, () => response.writeHead(200, { 'X-Bad': 'a\nb' }))
      response.end('x')
    },
  },
  'writeHead with a bad name': {
    handle(_, response, log) {
      attempt(log, () => response.writeHead(200, { 'a b': 'c' }))
      response.end('x')
    },
  },
  'writeHead with a list that is odd': {
    handle(_, response, log) {
      attempt(log, () => response.writeHead(200, ['a', 'b', 'c']))
      response.end('x')
    },
  },
  'writeHead with a bad reason': {
    handle(_, response, log) {
      attempt(log, () => response.writeHead(200, 'a\nb'))
      response.statusMessage = 'OK'
      response.end('x')
    },
  },
  'early hints': {
    isInformed: true,
    handle(_, response) {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      response.json({ a: 1 })
    },
  },
  'flushHeaders, the body later': {
    async handle(_, response) {
      response.setHeader('X-A', '1')
      response.flushHeaders()
      await sleep(60)
      response.end('late')
    },
  },
  'flushHeaders, the body at once': {
    handle(_, response) {
      response.flushHeaders()
      response.write('a')
      response.end('b')
    },
  },
  trailers: {
    handle(_, response) {
      response.setHeader('Trailer', 'X-T')
      response.write('a')
      response.addTrailers({ 'X-T': 'v' })
      response.end()
    },
  },
}

/** Bodies in several writes. */
const streamed: Record<string, GateCase> = {
  writes: {
    handle(_, response) {
      for (const text of ['a', 'b', 'c']) response.write(text)
      response.end('d')
    },
  },
  'writes with callbacks': {
    handle(_, response, log) {
      response.write('a', () => log('first'))
      response.write('b', 'utf8', () => log('second'))
      response.end()
    },
  },
  'writes, some later': {
    async handle(_, response) {
      response.write('a')
      await sleep(5)
      response.write('b')
      await sleep(60)
      response.write('c')
      response.end()
    },
  },
  'writes of what is no chunk': {
    handle(_, response, log) {
      attempt(log, () => response.write(null))
      attempt(log, () => response.write(5))
      response.write('y')
      attempt(log, () => response.write(null))
      response.end('x')
    },
  },
  'cork and uncork': {
    handle(_, response) {
      response.cork()
      response.write('a')
      response.write('b')
      response.uncork()
      response.end('c')
    },
  },
  'HTTP/1.0 writes': {
    text: ofVersion10,
    handle(_, response) {
      response.write('ten')
      response.end('x')
    },
  },
  'a big pipe': {
    handle(_, response, log) {
      let left = 64
      let most = 0
      const source = new Readable({
        read() {
          this.push(left-- > 0 ? Buffer.alloc(32_768, 97 + left) : null)
        },
      })
      source.on('data', () => {
        most = Math.max(most, response.writableLength)
      })
      source.on('end', () => log(most <= 200_000 ? 'bounded' : `${most} bytes waited`))
      source.pipe(response)
    },
  },
  'a slow pipe': { handle: (_, response) => Readable.from(slowly(8)).pipe(response) },
  'a pipe of many small chunks': {
    handle(_, response) {
      Readable.from(Array.from({ length: 4000 }, (__, at) => `line ${at}\n`)).pipe(response)
    },
  },
  'pipeline()': {
    handle: (_, response, log) =>
      new Promise<void>((resolve) => {
        pipeline(createReadStream(file), response, (error) => {
          log(`done ${error?.code}`)
          resolve()
        })
      }),
  },
  'server-sent events': {
    async handle(_, response) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.flushHeaders()
      for (let at = 0; at < 4; at++) {
        response.write(`data: ${at}\n\n`)
        await sleep(20)
      }
      response.end()
    },
  },
}

/** What a handler sees of a response that it began. */
const looks: Record<string, GateCase> = {
  'after end()': {
    handle(_, response, log) {
      response.end('x')
      log(`${response.headersSent} ${response.writableEnded}`)
      attempt(log, () => response.setHeader('a', 'b'))
      attempt(log, () => response.removeHeader('a'))
      attempt(log, () => response.writeHead(500))
      response.statusCode = 500
    },
  },
  'after write()': {
    handle(_, response, log) {
      log(String(response.write('x')))
      log(`${response.headersSent} ${response.writableEnded} ${response.writableNeedDrain}`)
      log(String(response.getHeader('x-powered-by')))
      attempt(log, () => response.setHeader('a', 'b'))
      attempt(log, () => response.appendHeader('a', 'b'))
      attempt(log, () => response.setHeaders(new Map([['a', 'b']])))
      attempt(log, () => response.json({}))
      response.end()
    },
  },
  'after writeHead()': {
    handle(_, response, log) {
      response.writeHead(201)
      log(`${response.headersSent} ${response.statusCode}`)
      attempt(log, () => response.flushHeaders())
      response.end('x')
    },
  },
  'after a write that fills the buffer': {
    handle(_, response, log) {
      response.once('drain', () => {
        log('drain')
        response.end()
      })
      log(String(response.write('x'.repeat(1_000_000))))
      log(`${response.writableNeedDrain} ${response.writableLength >= 1_000_000}`)
    },
  },
  'end() twice': {
    handle(_, response, log) {
      response.end('x')
      response.end()
      response.end(() => log('second'))
    },
  },
  'write() after end()': {
    handle(_, response, log) {
      response.on('error', (error) => log(String(Reflect.get(error, 'code'))))
      response.end('x')
      response.write('y', (error) => log(`callback ${Reflect.get(error ?? {}, 'code')}`))
    },
  },
}

/** Errors. */
const failing: Record<string, GateCase> = {
  'an error of 418': {
    handle() {
      throw Object.assign(new Error('boom'), { status: 418 })
    },
  },
  'an error of 500': {
    isFailure: true,
    handle() {
      throw new Error('boom')
    },
  },
  'a rejection of 422': {
    async handle() {
      await sleep(1)
      throw Object.assign(new Error('boom'), { status: 422 })
    },
  },
  'an error after write()': {
    isCut: true,
    handle(_, response) {
      response.write('part')
      throw new Error('boom')
    },
  },
  'an error after json()': {
    isCut: true,
    handle(_, response) {
      response.json({ a: 1 })
      throw new Error('boom')
    },
  },
  'next(error) after writeHead()': {
    isCut: true,
    handle(_, response, __, next) {
      response.writeHead(200)
      next(new Error('late'))
    },
  },
  'destroy() after write()': {
    isCut: true,
    handle(_, response, log) {
      response.on('close', () => log('close'))
      response.write('a')
      setTimeout(() => response.destroy(), 5)
    },
  },
}

/** Requests with bodies, and several requests over one connection. */
const requests: Record<string, GateCase> = {
  'expect: 100-continue': {
    isInformed: true,
    text: (path) =>
      requestText(path, {
        method: 'POST',
        headers: 'Expect: 100-continue\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n',
        body: 'hello',
      }),
    handle: readAll,
  },
  'a big body': {
    text: (path) =>
      requestText(path, {
        method: 'POST',
        headers: 'Content-Type: text/plain\r\nContent-Length: 70000\r\n',
        body: 'z'.repeat(70_000),
      }),
    handle: readAll,
  },
  'a body that is not read': {
    text: (path) =>
      requestText(path, {
        method: 'POST',
        headers: 'Content-Type: text/plain\r\nContent-Length: 5\r\n',
        body: 'hello',
      }),
    handle: (_, response) => response.status(413).send('no'),
  },
  pipelined: {
    text: three,
    count: 3,
    handle({ url }, response) {
      setTimeout(() => response.send(`answer to ${url}`), url.endsWith('1') ? 30 : 0)
    },
  },
  'pipelined writes': {
    text: three,
    count: 3,
    handle({ url }, response) {
      response.write(`answer to ${url}`)
      setTimeout(() => response.end('.'), 10)
    },
  },
}

function readAll(request: Request, response: Response): void {
  let body = ''
  request.on('data', (data) => {
    body += String(data)
  })
  request.on('end', () => response.json({ length: body.length }))
}

const gzip = withHeaders('Accept-Encoding: gzip\r\n')

/** Through the middleware `compression`. */
const compressed: Record<string, GateCase> = {
  'json, compressed': {
    isCompressed: true,
    text: gzip,
    handle: (_, response) => response.json({ a: 'x'.repeat(5000) }),
  },
  'small json, not worth compressing': {
    isCompressed: true,
    text: gzip,
    handle: (_, response) => response.json({ a: 1 }),
  },
  'a pipe, compressed': {
    isCompressed: true,
    text: gzip,
    handle: (_, response) => createReadStream(file).pipe(response.type('text/plain')),
  },
  'many small chunks, compressed': {
    isCompressed: true,
    text: gzip,
    handle(_, response) {
      response.type('text/plain')
      Readable.from(Array.from({ length: 4000 }, (__, at) => `line ${at}\n`)).pipe(response)
    },
  },
}

/** All of them, by name. */
export const cases: Readonly<Record<string, GateCase>> = {
  ...whole,
  ...bodiless,
  ...heads,
  ...streamed,
  ...looks,
  ...failing,
  ...requests,
  ...compressed,
}
