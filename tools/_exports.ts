/**
 * What users can import: the subpaths of the package, their files, and the names in each.
 *
 * @module
 */
import { parseSync } from 'oxc-parser'

/** The entry of `package.json#exports` for one subpath. */
export type ExportEntry = { readonly types: string; readonly default: string } | string

/** `package.json#exports`. */
export type ExportMap = Readonly<Record<string, ExportEntry>>

/** Files that are public each by itself, and their subpaths. */
const single: Readonly<Record<string, string>> = {
  'index.ts': '.',
  'auth/index.ts': './auth',
  'auth/passwords.ts': './passwords',
  'clearing.ts': './clearing',
  'errors.ts': './errors',
  'formats/pickle.ts': './pickle',
  'http/csrf.ts': './csrf',
  'http/messages.ts': './messages',
  'service/index.ts': './service',
  'service/node.ts': './service/node',
  'signing/index.ts': './signing',
  'testing/index.ts': './testing',
}

/** Folders in which every file is public, and what its subpath begins with. */
const folders: Readonly<Record<string, string>> = {
  stores: './stores/',
  users: './users/',
  adapters: './',
}

/** The subpath of a source file, or null for one that is not public. */
export function subpathOf(file: string): string | null {
  const subpath = single[file]
  if (subpath !== undefined) return subpath
  const [, folder, name] = /^(\w+)\/([^_/][^/]*)\.ts$/.exec(file) ?? []
  const start = folder === undefined ? undefined : folders[folder]
  return start === undefined ? null : `${start}${name}`
}

/** What `package.json#exports` must be for these source files. */
export function exportMap(sources: readonly string[]): ExportMap {
  const entries = sources.flatMap((file): Array<[string, ExportEntry]> => {
    const subpath = subpathOf(file)
    return subpath === null ? [] : [[subpath, entryOf(file)]]
  })
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries([...sorted, ['./package.json', './package.json']])
}

function entryOf(file: string): ExportEntry {
  const built = `./dist/${file.replace(/\.ts$/, '')}`
  return { types: `${built}.d.ts`, default: `${built}.js` }
}

/** Where the declared exports are not what they must be. */
export function compareExports(declared: ExportMap, expected: ExportMap): string[] {
  const subpaths = new Set([...Object.keys(expected), ...Object.keys(declared)])
  return [...subpaths].flatMap((subpath) => {
    const is = JSON.stringify(declared[subpath])
    const must = JSON.stringify(expected[subpath])
    if (is === must) return []
    if (must === undefined) return [`package.json exports ${subpath}: no public file is behind it`]
    return [`package.json exports ${subpath} as ${is ?? 'nothing'}: it must be ${must}`]
  })
}

/** Programs that the package installs. */
const programs: readonly string[] = ['cli/main.ts']

/** The files that sources are built to: declarations of all, and scripts of what can be imported. */
export function outputsOf(sources: readonly string[]): string[] {
  return [
    ...sources.map((file) => file.replace(/\.ts$/, '.d.ts')),
    ...sources
      .filter((file) => subpathOf(file) !== null || programs.includes(file))
      .map((file) => file.replace(/\.ts$/, '.js')),
  ]
}

/** What is not built. What is stale is removed by each build. */
export function compareBuilt(built: readonly string[], sources: readonly string[]): string[] {
  const present = new Set(built)
  return outputsOf(sources)
    .filter((file) => !present.has(file))
    .map((file) => `dist/${file} is missing: npm run build`)
}

/** The names that a declaration file exports, sorted; `type ` in front of what has no value. */
export function exportedNames(file: string, text: string): string[] {
  const { program } = parseSync(file, text, { lang: 'dts', sourceType: 'module' })
  const names: string[] = []
  for (const node of program.body) {
    if (node.type !== 'ExportNamedDeclaration') continue
    for (const { exported, exportKind } of node.specifiers) {
      const name = exported.type === 'Literal' ? exported.value : exported.name
      names.push(node.exportKind === 'type' || exportKind === 'type' ? `type ${name}` : name)
    }
    names.push(...declaredNames(node.declaration))
  }
  return names.toSorted()
}

type Declaration = Extract<
  ReturnType<typeof parseSync>['program']['body'][number],
  { type: 'ExportNamedDeclaration' }
>['declaration']

function declaredNames(declaration: Declaration): string[] {
  switch (declaration?.type) {
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      return [`type ${declaration.id.name}`]
    case 'VariableDeclaration':
      return declaration.declarations.flatMap(({ id }) =>
        id.type === 'Identifier' ? [id.name] : [],
      )
    case 'ClassDeclaration':
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
      return declaration.id ? [declaration.id.name] : []
    default:
      return []
  }
}

/** All names by subpath, as text to be kept and compared. */
export function formatSnapshot(names: ReadonlyMap<string, readonly string[]>): string {
  const parts = [...names].map(([subpath, list]) => {
    const heading = `async-django${subpath.slice(1)}`
    return [heading, ...new Set(list.map((name) => `  ${name}`))].join('\n')
  })
  return `${parts.join('\n\n')}\n`
}

/** Lines that are in one text and not in the other. */
export function compareLines(was: string, is: string): string[] {
  const sections = (text: string): Set<string> => {
    let heading = ''
    return new Set(
      text.split('\n').map((line) => {
        if (!line.startsWith(' ')) heading = line
        return line.startsWith(' ') ? `${heading}: ${line.trim()}` : line
      }),
    )
  }
  const before = sections(was)
  const after = sections(is)
  return [
    ...[...after].filter((line) => !before.has(line)).map((line) => `new: ${line}`),
    ...[...before].filter((line) => !after.has(line)).map((line) => `gone: ${line}`),
  ]
}

/** The subpaths that a table in a text lists; null without such a table. */
export function listedSubpaths(markdown: string): string[] | null {
  const rows = [...markdown.matchAll(/^\|\s*`async-django(\/[\w./-]+)?`/gm)]
  return rows.length === 0 ? null : rows.map(([, path]) => `.${path ?? ''}`)
}
