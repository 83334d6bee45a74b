import { createDjango } from 'async-django'
import { memoryStore } from 'async-django/stores/memory'
import { testAdapter } from 'async-django/testing'
import { memoryUserStore } from 'async-django/users/memory'
import { afterAll, describe, test } from 'vitest'

import { adapters, serveBy } from '../adapters.ts'
import { ContractTable } from '../fixtures/contract-table.ts'

const table = new ContractTable('What an adapter promises')

describe.each(Object.entries(adapters))('%s', (name, makeListener) => {
  testAdapter(
    { test: table.declare(name, test) },
    {
      createDjango,
      store: memoryStore,
      users: memoryUserStore,
      serve: (site) => serveBy(makeListener, site),
    },
  )
})

afterAll(() => console.log(String(table)))
