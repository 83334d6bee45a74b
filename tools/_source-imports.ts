/**
 * What one source file imports and declares, as far as the rules of the house care.
 *
 * @module
 */
import {
  type ImportDeclaration,
  type ModuleExportName,
  parseSync,
  type Span,
  Visitor,
  type VisitorObject,
} from 'oxc-parser'

/** What an import is called whose name is not known before it runs. */
export const computedName = 'a computed name'

/** One import, static or not, of types or of values. */
export interface SourceImport {
  /** As it is written: `./store.ts`, `#platform`, `node:fs`, `kysely`. */
  readonly name: string
  readonly isType: boolean
  readonly line: number
}

/** Something that the house does not have. */
export interface Banned {
  readonly what: string
  readonly line: number
}

/** A source file, read. */
export interface SourceFacts {
  readonly imports: readonly SourceImport[]
  readonly banned: readonly Banned[]
  /** Whether there is anything but exports of what other files hold. */
  readonly hasCode: boolean
}

/**
 * Reads one file.
 *
 * @throws Error for text that does not parse.
 */
export function readSource(file: string, text: string): SourceFacts {
  const { program, errors } = parseSync(file, text, { lang: 'ts', sourceType: 'module' })
  const [error] = errors
  if (error) throw new Error(`${file} does not parse: ${error.message}`)
  const imports: SourceImport[] = []
  const banned: Banned[] = []
  const lineOf = ({ start }: Span): number => text.slice(0, start).split('\n').length
  new Visitor(
    importVisitor((name, isType, node) => imports.push({ name, isType, line: lineOf(node) })),
  ).visit(program)
  new Visitor(banVisitor((what, node) => banned.push({ what, line: lineOf(node) }))).visit(program)
  const hasCode = program.body.some(
    (node) => node.type !== 'ExportNamedDeclaration' || !node.source,
  )
  return { imports, banned, hasCode }
}

type Found = (name: string, isType: boolean, node: Span) => void

function importVisitor(found: Found): VisitorObject {
  return {
    ImportDeclaration: (node) => found(node.source.value, isTypeImport(node), node),
    ExportNamedDeclaration(node) {
      if (node.source) found(node.source.value, node.exportKind === 'type', node)
    },
    ExportAllDeclaration: (node) => found(node.source.value, node.exportKind === 'type', node),
    ImportExpression({ source, start, end }) {
      const name = source.type === 'Literal' ? String(source.value) : computedName
      found(name, false, { start, end })
    },
    TSImportType: (node) => found(node.source.value, true, node),
    /** Other ways to a built-in module, `process.getBuiltinModule('node:fs')` say. */
    CallExpression({ arguments: [first] }) {
      const name = first?.type === 'Literal' ? first.value : null
      if (typeof name === 'string' && name.startsWith('node:')) found(name, false, first as Span)
    },
  }
}

function isTypeImport({ importKind, specifiers }: ImportDeclaration): boolean {
  if (importKind === 'type') return true
  return (
    specifiers.length > 0 &&
    specifiers.every((it) => it.type === 'ImportSpecifier' && it.importKind === 'type')
  )
}

function banVisitor(ban: (what: string, node: Span) => void): VisitorObject {
  let globalDepth = 0
  return {
    ExportNamedDeclaration(node) {
      const isDefault = node.specifiers.some(({ exported }) => nameOf(exported) === 'default')
      if (isDefault) ban('a default export', node)
    },
    ExportDefaultDeclaration: (node) => ban('a default export', node),
    ExportAllDeclaration: (node) => ban('`export *`', node),
    TSExportAssignment: (node) => ban('`export =`', node),
    TSImportEqualsDeclaration: (node) => ban('`import =`', node),
    TSEnumDeclaration: (node) => ban('an enum', node),
    TSAnyKeyword: (node) => ban('`any`', node),
    // A namespace of others can be added to only by one more of that name, in `declare global`.
    TSModuleDeclaration(node) {
      if (node.kind === 'global') globalDepth += 1
      else if (node.id.type !== 'Literal' && globalDepth === 0) ban('a namespace', node)
    },
    'TSModuleDeclaration:exit'(node) {
      if (node.kind === 'global') globalDepth -= 1
    },
  }
}

function nameOf(name: ModuleExportName): string {
  return name.type === 'Literal' ? name.value : name.name
}
