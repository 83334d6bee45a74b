import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

import { describe, expect, it } from 'vitest'

import { fileSessionChecks } from './checks/file-sessions.ts'
import { countsOf, formatReport, runVectors } from './vectors.ts'

function golden(subject: string): string[] {
  const path = fileURLToPath(new URL(`vectors/${subject}.jsonl.gz`, import.meta.url))
  return gunzipSync(readFileSync(path)).toString().trimEnd().split('\n')
}

describe('golden vectors', () => {
  it.for([
    ['signing', 699],
    ['session', 1017],
    ['cookie-sessions', 243],
    ['file-sessions', 76],
    ['cookie', 48],
    ['password', 1447],
    ['auth', 933],
    ['csrf', 403],
    ['messages', 148],
    ['pickle', 60],
    ['redis', 134],
  ] as const)('agrees with the %s vectors', async ([subject, total], { task }) => {
    const report = await runVectors(golden(subject), fileSessionChecks)
    Object.assign(task.meta, { counts: countsOf(report) })
    console.log(formatReport(subject, report))
    expect(report.failures).toEqual([])
    expect(report.total).toBe(total)
  })
})
