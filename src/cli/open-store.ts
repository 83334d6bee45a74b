/**
 * Opens the store that a URL, or a module, names.
 *
 * @module
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import type { SessionStoreFactory } from '../session/store.ts'
import { memoryStore } from '../stores/memory.ts'
import { UsageError } from './command.ts'
import { openPostgres } from './open-postgres.ts'
import { openRedis } from './open-redis.ts'
import type { OpenedStore, StoreOptions } from './opened-store.ts'

/** @throws UsageError for what names no store; MissingPackageError. */
export async function openStore(name: string, options: StoreOptions): Promise<OpenedStore> {
  if (name === 'memory:') {
    const store = memoryStore({ maxSessions: 100_000 })
    return { store, place: 'memory, until this process ends', close: async () => {} }
  }
  if (/^postgres(?:ql)?:/.test(name)) return openPostgres(name, options)
  if (/^rediss?:/.test(name)) return openRedis(name, options)
  if (/^[a-z][\w+.-]+:/i.test(name)) {
    throw new UsageError(
      '--store takes postgres://, redis:// and memory:, or a module of yours that exports a store.',
    )
  }
  return importStore(name)
}

/** A module exports `store`, what `createDjango` takes, and, if there is something to close, `close`. */
async function importStore(file: string): Promise<OpenedStore> {
  const module: unknown = await import(pathToFileURL(resolve(file)).href)
  const { store, close } = module as { store?: unknown; close?: unknown }
  if (typeof store !== 'function') throw new UsageError('the module of --store exports no "store".')
  return {
    store: store as SessionStoreFactory,
    place: file,
    async close() {
      if (typeof close === 'function') await (close as () => unknown)()
    },
  }
}
