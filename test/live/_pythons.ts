/**
 * Real Django releases, each in a Python environment of its own.
 *
 * @module
 */
import {
  databaseDrivers,
  type DjangoRelease,
  djangoPython,
  NoPythonError,
} from '../../tools/_python.ts'

/** A release, and the Python that has it; null where it should be here and is not. */
export interface LiveRelease {
  readonly series: '4.2' | '5.2' | '6.1'
  readonly python: string | null
}

const releases: ReadonlyArray<{ series: LiveRelease['series'] } & DjangoRelease> = [
  { series: '4.2', django: '4.2.30', minimum: [3, 8] },
  { series: '5.2', django: '5.2.19', minimum: [3, 10] },
  { series: '6.1', django: '6.1.3', minimum: [3, 12], python: process.env['DJANGO_PYTHON_61'] },
]

/**
 * Makes or finds the environments; says in a line what is missing.
 *
 * @param packages - What they have beside Django. Default database drivers.
 * @throws NoPythonError with `CI=true`, where nothing may be missing.
 */
export async function liveReleases(
  packages: readonly string[] = databaseDrivers,
): Promise<LiveRelease[]> {
  const found: LiveRelease[] = []
  for (const { series, ...release } of releases) {
    found.push({ series, python: await tryToMake({ ...release, packages }) })
  }
  return found
}

async function tryToMake(release: DjangoRelease): Promise<string | null> {
  try {
    return await djangoPython(release, console.warn)
  } catch (error) {
    const isStrict = process.env['CI'] === 'true'
    if (!(error instanceof NoPythonError) || isStrict) throw error
    console.warn(`Skipped: ${error.message}`)
    return null
  }
}
