import { expect, test } from 'vitest'

import { adapters, serveBy } from '../../test/adapters.ts'
import { createDjango, type Django } from '../django.ts'
import type { Exchange } from '../http/exchange.ts'
import { memoryStore } from '../stores/memory.ts'
import { memoryUserStore } from '../users/memory.ts'
import { type AdapterSuite, testAdapter } from './adapter.ts'

type Site = Parameters<AdapterSuite['serve']>[0]
type State = ReturnType<Django['begin']>

/** What a careless adapter does otherwise. */
interface Flaw {
  readonly exchange?: (exchange: Exchange) => Partial<Exchange>
  readonly state?: (state: State) => Partial<State>
  readonly site?: Partial<Site>
  /** The tests that must fail of it, by their names. */
  readonly caught: RegExp
}

const percentDecoded = (text: string | null): string | null => text && decodeURIComponent(text)

const flaws: Readonly<Record<string, Flaw>> = {
  'saves nothing': {
    state: () => ({ commit: () => null }),
    caught: /saves what a new visitor is given/,
  },
  'does not wait for the save': {
    state: (state) => ({
      commit() {
        void state.commit()
        return null
      },
    }),
    caught: /saves before the response leaves/,
  },
  'swallows the error of a save': {
    state: (state) => ({ commit: () => state.commit()?.catch(() => {}) ?? null }),
    caught: /gives the error of a save to the application/,
  },
  'loads every session': {
    state(state) {
      void state.session.load()
      return {}
    },
    caught: /costs nothing where nobody asks/,
  },
  'looks at the cookie only where the session is used': {
    state: (state) => ({
      commit: () => (Reflect.get(state.session, 'accessed') ? state.commit() : null),
    }),
    caught: /that is no key, though nobody asked/,
  },
  'lets requests in before they are checked': {
    state: () => ({ autoload: () => null }),
    caught: /runs no handler of a request that is refused/,
  },
  'knows no form': {
    exchange: () => ({ formField: () => Promise.resolve(null) }),
    caught: /finds a form's field/,
  },
  'knows no status': {
    exchange: () => ({ status: 200 }),
    caught: /saves nothing with a status of 5xx/,
  },
  'puts its cookie in place of others': {
    exchange: (exchange) => ({
      appendHeader: (name, value) => exchange.setHeader(name, value),
    }),
    caught: /leaves cookies of handlers alone/,
  },
  'sees no headers of the response': {
    exchange: () => ({ getHeader: () => null }),
    caught: /makes Vary: Accept-Encoding, Cookie of Vary: Accept-Encoding/,
  },
  'decodes cookies': {
    exchange: (exchange) => ({ header: (name) => percentDecoded(exchange.header(name)) }),
    caught: /finds no key with percent signs/,
  },
  'takes the first of two cookies': {
    exchange: (exchange) => ({
      header: (name) => exchange.header(name)?.split('; ').toReversed().join('; ') ?? null,
    }),
    caught: /finds the key after another of its name/,
  },
  'has no options': {
    site: { options: {} },
    caught: /skips what it is told to skip/,
  },
  'knows no guard': {
    site: { guard: null },
    caught: /sends others where a guard says/,
  },
  'lets everybody pass a guard': {
    site: { guard: async () => ({ outcome: 'pass' }) },
    caught: /refuses whom a guard refuses/,
  },
  'shows a path with its query': {
    exchange: (exchange) => ({ path: `${exchange.path}?` }),
    caught: /shows the request to those who decide/,
  },
}

/** The adapter for fetch handlers, with a flaw. */
function flawed({ django, ...site }: Site, flaw: Flaw): Site {
  const begin: Django['begin'] = (exchange, options) => {
    const shown = overlay(exchange, flaw.exchange?.(exchange))
    const state = django.begin(shown, options)
    return overlay(state, flaw.state?.(state))
  }
  return { ...site, ...flaw.site, django: overlay(django, { begin }) }
}

function overlay<T extends object>(target: T, changes: Partial<T> = {}): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(changes, name)) return Reflect.get(changes, name) as unknown
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** Runs the tests with such names, and answers the names of those that failed. */
async function failures(flaw: Flaw): Promise<string[]> {
  const declared = new Map<string, () => Promise<void>>()
  testAdapter(
    { test: (name, run) => declared.set(name, run) },
    {
      createDjango,
      store: memoryStore,
      users: memoryUserStore,
      serve: (site) => serveBy(adapters.fetch, flawed(site, flaw)),
    },
  )
  const failed: string[] = []
  for (const [name, run] of declared) {
    if (flaw.caught.test(name)) await run().catch(() => failed.push(name))
  }
  return failed
}

test.each(Object.entries(flaws))('finds an adapter out that %s', async (_name, flaw) => {
  expect(await failures(flaw)).toContainEqual(expect.stringMatching(flaw.caught))
  expect(await failures({ caught: flaw.caught })).toEqual([])
})
