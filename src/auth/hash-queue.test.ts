import { describe, expect, test } from 'vitest'

import { HasherBusyError } from '../errors.ts'
import { HashQueue, sharedHashQueue } from './hash-queue.ts'

/** Tasks that end when they are told to. */
class Tasks {
  readonly started: string[] = []
  readonly #ends = new Map<string, (error?: Error) => void>()
  readonly queue: HashQueue

  constructor(queue: HashQueue) {
    this.queue = queue
  }

  add(name: string, userName: string | null = null): Promise<string> {
    return this.queue.run(userName, () => {
      this.started.push(name)
      return new Promise((resolve, reject) => {
        this.#ends.set(name, (error) => (error ? reject(error) : resolve(name)))
      })
    })
  }

  async end(name: string, error?: Error): Promise<void> {
    this.#ends.get(name)?.(error)
    await turn()
  }
}

/** Lets everything go on that can. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

describe('HashQueue', () => {
  test('runs as many at once as it may, and the others in their order', async () => {
    const tasks = new Tasks(new HashQueue({ maxConcurrent: 2 }))
    const all = ['a', 'b', 'c', 'd'].map((name) => tasks.add(name))
    await turn()
    expect(tasks.started).toEqual(['a', 'b'])
    await tasks.end('b')
    expect(tasks.started).toEqual(['a', 'b', 'c'])
    await tasks.end('a')
    await tasks.end('c')
    await tasks.end('d')
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a task that fails makes room for the next', async () => {
    const tasks = new Tasks(new HashQueue({ maxConcurrent: 1, maxPerUser: 1 }))
    const first = tasks.add('first', 'ada').catch(String)
    const second = tasks.add('second', 'bob')
    await turn()
    await tasks.end('first', new Error('no'))
    expect(await first).toBe('Error: no')
    expect(tasks.started).toEqual(['first', 'second'])
    await tasks.end('second')
    await second
    const again = tasks.add('again', 'ada')
    await turn()
    await tasks.end('again')
    expect(await again).toBe('again')
  })

  test('lets no more wait than may', async () => {
    const tasks = new Tasks(new HashQueue({ maxConcurrent: 1, maxWaiting: 2 }))
    const all = [tasks.add('a'), tasks.add('b'), tasks.add('c')]
    const busy = await tasks.add('d').catch((error: unknown) => error)
    expect(busy).toBeInstanceOf(HasherBusyError)
    expect(busy).toMatchObject({ code: 'ERR_HASHER_BUSY', status: 503, limit: 'maxWaiting' })
    await turn()
    await tasks.end('a')
    const next = tasks.add('e')
    for (const name of ['b', 'c', 'e']) await tasks.end(name)
    expect(await Promise.all([...all, next])).toEqual(['a', 'b', 'c', 'e'])
    expect(tasks.started).toEqual(['a', 'b', 'c', 'e'])
  })

  test('lets nobody wait where nobody may', async () => {
    const tasks = new Tasks(new HashQueue({ maxConcurrent: 1, maxWaiting: 0 }))
    const first = tasks.add('a')
    await expect(tasks.add('b')).rejects.toThrow(HasherBusyError)
    await turn()
    await tasks.end('a')
    await first
  })

  test('holds no more of one user name than may be, in work or waiting', async () => {
    const tasks = new Tasks(new HashQueue({ maxConcurrent: 1, maxPerUser: 2 }))
    const all = [tasks.add('a', 'ada'), tasks.add('b', 'ada')]
    const busy = await tasks.add('c', 'ada').catch((error: unknown) => error)
    expect(busy).toMatchObject({ code: 'ERR_HASHER_BUSY', limit: 'maxPerUser' })
    all.push(tasks.add('d', 'bob'), tasks.add('e'), tasks.add('f'), tasks.add('g'))
    await turn()
    await tasks.end('a')
    all.push(tasks.add('h', 'ada'))
    for (const name of ['b', 'd', 'e', 'f', 'g', 'h']) await tasks.end(name)
    expect(await Promise.all(all)).toEqual(['a', 'b', 'd', 'e', 'f', 'g', 'h'])
  })

  test('users take turns, however many one of them sends', async () => {
    const tasks = new Tasks(new HashQueue({ maxConcurrent: 1, maxPerUser: 100 }))
    const names = ['eve1', 'eve2', 'eve3', 'eve4', 'ada1', 'ada2', 'bob1']
    const all = names.map((name) => tasks.add(name, name.slice(0, 3)))
    all.push(tasks.add('nobody1'), tasks.add('nobody2'))
    await turn()
    const order = ['eve1', 'eve2', 'ada1', 'bob1', 'nobody1', 'nobody2', 'eve3', 'ada2', 'eve4']
    for (const name of order) await tasks.end(name)
    expect(tasks.started).toEqual(order)
    await Promise.all(all)
  })

  test('one queue serves the process', () => {
    expect(sharedHashQueue()).toBe(sharedHashQueue())
  })
})
