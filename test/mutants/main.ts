/**
 * Builds each of the defects beside this file into a copy of the project, and looks which of its
 * proofs notice: the golden vectors, Django's own tests, random histories.
 *
 *     npm run mutants                     all
 *     npm run mutants -- wrong-salt       only these
 *     npm run mutants -- --first          only whether any of the proofs notices: writes nothing
 *
 * What it finds goes into conformance.json, and into its document, at once.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { cp, mkdir, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { runCommand } from '../../tools/_command.ts'
import { forEachOfSome } from '../../tools/_concurrency.ts'
import { projectRoot } from '../../tools/_root.ts'
import { writeDocument } from '../django-suite/document.ts'
import { type MutantResult, readConformance, writeConformance } from '../django-suite/results.ts'

/** A defect: a patch, and a line that says what is wrong with it. */
interface Mutant {
  readonly name: string
  readonly title: string
  /** null: none, to see that the proofs hold without one. */
  readonly patch: string | null
}

type Proof = Exclude<keyof MutantResult, 'title'>

const atOnce = 2
const isFirst = process.argv.includes('--first')
const folder = join(projectRoot, 'test', 'mutants')

/** What a copy is made of; what is not compiled anew is copied as it is built. */
const copied = [
  'src',
  'test',
  'tools',
  'docs',
  'build/test',
  'build/tools',
  'build/src',
  'build/examples',
]
const copiedFiles = [
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'vitest.config.ts',
  'conformance.json',
]
/** What copies share. */
const shared = ['.venv', 'build/django']

const proofs: Readonly<Record<Proof, readonly string[]>> = {
  vectors: [
    'vitest',
    'run',
    '--project',
    'vectors',
    '--testNamePattern',
    'the (signing|session|cookie|auth|csrf|messages) vectors',
    '--bail=1',
  ],
  // All but the hashers, which take as long as everything else.
  django:
    'node build/tools/conformance.js --first 5.2 engines functions db signing tokens csrf messages'.split(
      ' ',
    ),
  differential: [
    'node',
    'build/test/differential/main.js',
    '--first',
    '--seed=1',
    '--histories=120',
  ],
}

const mutants: readonly Mutant[] = readdirSync(folder)
  .filter((file) => file.endsWith('.patch'))
  .toSorted()
  .map((file) => {
    const [title = ''] = readFileSync(join(folder, file), 'utf8').split('\n')
    return { name: basename(file, '.patch'), title, patch: join(folder, file) }
  })

/** A copy of the project with a defect in it. @throws Error where the patch does not apply. */
async function build({ name, patch }: Mutant): Promise<string> {
  const copy = join(projectRoot, 'build', 'mutants', name)
  await rm(copy, { recursive: true, force: true })
  await mkdir(join(copy, 'build'), { recursive: true })
  for (const path of [...copied, ...copiedFiles]) {
    await cp(join(projectRoot, path), join(copy, path), { recursive: true })
  }
  for (const path of shared) {
    // Made before the link to it, as what makes it follows the link.
    await mkdir(join(projectRoot, path), { recursive: true })
    await symlink(join(projectRoot, path), join(copy, path))
  }
  // Git must not take the copy for a part of the project.
  const env = { GIT_CEILING_DIRECTORIES: join(projectRoot, 'build', 'mutants') }
  if (patch !== null) await run(['git', 'apply', '-C1', patch], copy, env)
  await run(['node', 'tools/bundle.mjs'], copy)
  return copy
}

async function run(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { isOk, output } = await runCommand(command, { cwd, env })
  if (!isOk) throw new Error(`${command.join(' ')} failed: ${output}`)
}

/** Which proofs notice. One that does not end does not. */
async function examine(mutant: Mutant): Promise<MutantResult> {
  const copy = await build(mutant)
  const notices = async (proof: Proof): Promise<boolean> => {
    const command = { cwd: copy, maxMinutes: 15 }
    const { isOk, isStopped, output } = await runCommand(proofs[proof], command)
    if (isStopped) console.log(`${proof} did not end with ${mutant.name}, and tell nothing`)
    if (mutant.patch === null && !isOk) console.log(output)
    return !(isOk || isStopped)
  }
  const result = { title: mutant.title, vectors: false, django: false, differential: false }
  for (const proof of ['vectors', 'django', 'differential'] as const) {
    result[proof] = await notices(proof)
    if (isFirst && result[proof]) break
  }
  await rm(copy, { recursive: true, force: true })
  return result
}

function describe({ title, vectors, django, differential }: MutantResult): string {
  const names = [
    ...(vectors ? ['vectors'] : []),
    ...(django ? ["Django's tests"] : []),
    ...(differential ? ['random histories'] : []),
  ]
  return `${names.length > 0 ? '✓' : '✗'} ${title}: ${names.join(', ') || 'survives'}`
}

/** Beside what is known of the others, as far as there are such. */
function keep(name: string, result: MutantResult): void {
  const known: Readonly<Record<string, MutantResult>> = {
    ...readConformance().mutants,
    [name]: result,
  }
  const rows = mutants.flatMap((one) => {
    const row = known[one.name]
    return row ? [[one.name, row] as const] : []
  })
  writeDocument(writeConformance({ mutants: Object.fromEntries(rows) }))
}

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const chosen = mutants.filter(({ name }) => wanted.length === 0 || wanted.includes(name))

const sound = await examine({ name: 'without-a-defect', title: 'Nothing', patch: null })
if (sound.vectors || sound.django || sound.differential) {
  console.log(describe(sound))
  throw new Error('The proofs do not hold without a defect: they would prove nothing with one.')
}

const survivors: string[] = []
await forEachOfSome(chosen, atOnce, async (mutant) => {
  const result = await examine(mutant)
  if (!(result.vectors || result.django || result.differential)) survivors.push(mutant.name)
  if (!isFirst) keep(mutant.name, result)
  console.log(describe(result))
})
console.log(`${chosen.length - survivors.length} of ${chosen.length} caught`)
process.exitCode = survivors.length > 0 ? 1 : 0
