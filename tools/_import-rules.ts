/**
 * The rules for imports: which way they point, what they may name, and what no file declares.
 *
 * @module
 */
import { builtinModules } from 'node:module'
import { posix } from 'node:path'

import { type Room, roomOf } from './_import-table.ts'
import { computedName, readSource, type SourceFacts, type SourceImport } from './_source-imports.ts'

/** What the rules are checked on. */
export interface House {
  /** The text of every source file, by its path below `src/`. */
  readonly sources: ReadonlyMap<string, string>
  /** Where an import such as `#platform` leads, below `src/`. */
  readonly aliases: ReadonlyMap<string, string>
  /** Outside packages that `package.json` declares for users. */
  readonly packages: ReadonlySet<string>
  /** Files that may use Node's own modules. */
  readonly nodeOnly: ReadonlySet<string>
}

/** Everything that breaks a rule, one line each; empty for a house in order. */
export function checkHouse(house: House): string[] {
  const facts = new Map([...house.sources].map(([file, text]) => [file, readSource(file, text)]))
  return [
    ...[...facts].flatMap(([file, read]) => checkFile(file, read, house)),
    ...checkPackages(facts, house),
    ...checkNodeOnly(house),
    ...findCycles(facts, house),
  ]
}

function checkFile(
  file: string,
  { imports, banned, hasCode }: SourceFacts,
  house: House,
): string[] {
  const room = roomOf(file)
  if (room === null) return [`${file}: the table has no room for it (tools/_import-table.ts)`]
  const problems = banned.map(({ what, line }) => `${file}:${line} has ${what}`)
  if (room.isBarrel && hasCode) problems.push(`${file} holds code, but is to hand names on only`)
  for (const one of imports) {
    const problem = checkImport(file, room, one, house)
    if (problem !== null) problems.push(`${file}:${one.line} ${problem}`)
  }
  return problems
}

function checkImport(file: string, room: Room, one: SourceImport, house: House): string | null {
  if (isNodeModule(one.name)) {
    if (!one.name.startsWith('node:')) return `imports ${one.name} without node: in front`
    return house.nodeOnly.has(file) ? null : `imports ${one.name}, and is no Node-only file`
  }
  const target = resolve(file, one.name, house)
  if (target === null) {
    return room.mayNamePackages ? null : `names the outside package ${one.name}`
  }
  if (!house.sources.has(target)) return `imports ${one.name}, which is no file of src/`
  if (mayImport(room, target, one.isType)) return null
  return `may not import ${one.isType ? 'types of ' : ''}${target}`
}

function mayImport(room: Room, target: string, isType: boolean): boolean {
  const targetRoom = roomOf(target)
  if (targetRoom === room && !room.isApart) return true
  if (targetRoom === room && posix.basename(target).startsWith('_')) return true
  const edges = [target, targetRoom?.path].flatMap((path) => [path, `type ${path}`])
  return room.mayImport.some(
    (edge) => edges.includes(edge) && (isType || !edge.startsWith('type ')),
  )
}

function isNodeModule(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name)
}

/** The file below `src/` that an import leads to; null for an outside package. */
function resolve(file: string, name: string, { aliases }: House): string | null {
  if (name.startsWith('.')) return posix.join(posix.dirname(file), name)
  return aliases.get(name) ?? null
}

/** `kysely` for `kysely/helpers`, `@a/b` for `@a/b/c`. */
function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}

function namedPackages(file: string, { imports }: SourceFacts, house: House): string[] {
  const names = imports
    .map(({ name }) => name)
    .filter((name) => !isNodeModule(name) && resolve(file, name, house) === null)
    .filter((name) => name !== computedName || !roomOf(file)?.mayLoadFiles)
  return [...new Set(names.map(packageOf))]
}

/** One file per room for a package, one package for a file, and what is declared is what is named. */
function checkPackages(facts: ReadonlyMap<string, SourceFacts>, house: House): string[] {
  const problems: string[] = []
  const holders = new Map<string, string>()
  const seen = new Set<string>()
  for (const [file, read] of facts) {
    const names = namedPackages(file, read, house)
    if (names.length > 1) problems.push(`${file} names ${names.join(' and ')}: one is the limit`)
    for (const name of names) {
      seen.add(name)
      const place = `${roomOf(file)?.path} ${name}`
      const holder = holders.get(place)
      if (holder !== undefined) problems.push(`${file} names ${name}, and so does ${holder}`)
      holders.set(place, file)
      if (!house.packages.has(name)) problems.push(`${file} names ${name}: package.json does not`)
    }
  }
  for (const name of house.packages) {
    if (!seen.has(name)) problems.push(`package.json declares ${name}: no source file names it`)
  }
  return problems
}

function checkNodeOnly({ nodeOnly, sources }: House): string[] {
  return [...nodeOnly].flatMap((file) => {
    if (!sources.has(file)) return [`tsconfig.core.json excludes ${file}, which does not exist`]
    if (roomOf(file)?.mayUseNode) return []
    return [`tsconfig.core.json excludes ${file}, whose room may not use Node's modules`]
  })
}

/** Circles of imports, types included: each is told once. */
function findCycles(facts: ReadonlyMap<string, SourceFacts>, house: House): string[] {
  const cycles: string[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    const start = path.indexOf(file)
    if (start !== -1) cycles.push([...path.slice(start), file].join(' → '))
    if (start !== -1 || done.has(file)) return
    path.push(file)
    for (const { name } of facts.get(file)?.imports ?? []) {
      const target = isNodeModule(name) ? null : resolve(file, name, house)
      if (target !== null) visit(target)
    }
    path.pop()
    done.add(file)
  }
  for (const file of facts.keys()) visit(file)
  return cycles.map((cycle) => `a circle of imports: ${cycle}`)
}
