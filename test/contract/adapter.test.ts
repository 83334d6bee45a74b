import { createDjango } from 'async-django'
import { memoryStore } from 'async-django/stores/memory'
import { testAdapter } from 'async-django/testing'
import { afterAll, describe, test } from 'vitest'

import { adapters, serveBy } from '../adapters.ts'
import { ContractTable } from '../fixtures/contract-table.ts'

const table = new ContractTable()

describe.each(Object.entries(adapters))('%s', (name, makeListener) => {
  testAdapter(
    { test: table.declare(name, test) },
    { createDjango, store: memoryStore, serve: (site) => serveBy(makeListener, site) },
  )
})

// ADAPTER_TABLE=1 npx vitest run --project contract test/contract/adapter.test.ts
afterAll(() => {
  if (process.env['ADAPTER_TABLE']) console.log(String(table))
})
