import { expect, test } from 'vitest'

import { addCounts, countDemo, countTests, forbidSkips, formatCounts } from './_counts.ts'

function report(files: Readonly<Record<string, readonly string[]>>, status = 'passed'): string {
  const testResults = Object.entries(files).map(([name, statuses]) => ({
    name,
    status: statuses.includes('failed') ? 'failed' : status,
    assertionResults: statuses.map((each, index) => ({
      ancestorTitles: ['on PostgreSQL', 'loads'],
      title: `test ${index}`,
      status: each,
    })),
  }))
  return JSON.stringify({ testResults })
}

test('tests are counted by what came of them', () => {
  const text = report({ a: ['passed', 'passed', 'skipped'], b: ['failed', 'todo', 'pending'] })

  expect(countTests(text, false)).toEqual({
    passed: 2,
    failed: 1,
    skipped: 3,
    notes: ['skipped: on PostgreSQL (3)'],
  })
})

test('a test that stands for many counts as many', () => {
  const of = (status: string, counts: object): object => ({
    name: status,
    status,
    assertionResults: [{ ancestorTitles: [], title: 'vectors', status, meta: { counts } }],
  })
  const good = of('passed', { passed: 40, failed: 0, notes: ['2 left out'] })
  const bad = of('failed', { passed: 7, failed: 3 })

  expect(countTests(JSON.stringify({ testResults: [good, bad] }), false)).toEqual({
    passed: 47,
    failed: 3,
    skipped: 0,
    notes: ['2 left out'],
  })
})

test('a test that stands for many and fails is a failure, though none of them is', () => {
  const broken = { ancestorTitles: [], title: '', status: 'failed' }
  const assertionResults = [{ ...broken, meta: { counts: { passed: 40, failed: 0 } } }]
  const testResults = [{ name: 'a', status: 'failed', assertionResults }]

  expect(formatCounts(countTests(JSON.stringify({ testResults }), false))).toBe(
    '40 passed, 1 failed',
  )
})

test.each([
  ['a file that does not load', report({ a: ['passed'], b: [] }, 'failed'), false, 2],
  ['a run that fails without a failed test', report({ a: ['passed'] }), false, 1],
  ['a run without tests', report({}), true, 1],
  ['a run without a report', null, true, 1],
])('%s is a failure', (_, text, isOk, failed) => {
  expect(countTests(text, isOk).failed).toBe(failed)
})

test.each([
  ['a good run', 'table\n\n12 good, 0 bad\n', true, '12 passed, 0 failed'],
  ['a bad one', 'table\n\n10 good, 2 bad\n', false, '10 passed, 2 failed'],
  ['one that fails at its end', '12 good, 0 bad', false, '12 passed, 1 failed'],
  ['one that says nothing', '', true, '0 passed, 1 failed'],
  [
    'one without Django',
    'Without Django: no Python\n9 good, 0 bad',
    true,
    '9 passed, 0 failed, 1 skipped',
  ],
])('%s of the demo is counted', (_, output, isOk, counts) => {
  expect(formatCounts(countDemo(output, isOk))).toBe(counts)
})

test('skips can be made failures', () => {
  const counts = forbidSkips({ passed: 2, failed: 1, skipped: 3, notes: [] })

  expect(formatCounts(counts)).toBe('2 passed, 4 failed')
})

test('sums name skips only where there are any', () => {
  const some = { passed: 2, failed: 0, skipped: 1, notes: ['a'] }
  const more = { passed: 3, failed: 0, skipped: 0, notes: ['b'] }

  expect(formatCounts(addCounts(some, more))).toBe('5 passed, 0 failed, 1 skipped')
  expect(formatCounts(more)).toBe('3 passed, 0 failed')
  expect(addCounts(some, more).notes).toEqual(['a', 'b'])
})
