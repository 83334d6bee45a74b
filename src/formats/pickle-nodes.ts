/**
 * What a pickle holds, between its opcodes and the text of session data: scalars as their JSON text,
 * everything else as a node. Nothing of it is a value that an application sees.
 *
 * @module
 */

/** A scalar's JSON text, or a node. */
export type Item = string | Node

/** Containers hold items; a dict's are keys and values in turns. */
export type ContainerKind = 'list' | 'dict' | 'tuple' | 'set' | 'frozenset'

/**
 * What a node is. `bytes`: its text has a character per byte. `value`: a Python object, with its text
 * and the name of its kind. `zone`: a `tzinfo`. `global`: something importable, by its name.
 * `unfilled`: a UUID whose state is to come.
 */
export type NodeKind = ContainerKind | 'bytes' | 'value' | 'zone' | 'global' | 'unfilled'

const nothing: Item[] = []

/** Levels of JSON that a container takes: those that JSON lacks are arrays in objects. */
const ownLevels: Readonly<Record<ContainerKind, number>> = {
  list: 1,
  dict: 1,
  tuple: 2,
  set: 2,
  frozenset: 2,
}

/** One object of a pickle. */
export class Node {
  kind: NodeKind
  /** What a container holds. */
  items: Item[] = nothing
  text: string
  /** Of a `value`: its kind. */
  type: string
  /** How deep it is nested, as far as is known. */
  depth = 0
  /** Whether it is being written: a node that holds itself would never end. */
  isOpen = false
  /** Whether Python takes it as a key of a dict, or into a set. */
  isHashable: boolean

  constructor(kind: NodeKind, text = '', type = '') {
    this.kind = kind
    this.text = text
    this.type = type
    this.isHashable = kind === 'bytes' || kind === 'value' || kind === 'unfilled'
  }

  /** Puts an item into a container. Answers how deep the container is nested now. */
  add(item: Item): number {
    // A list of one item stays one of one item: an empty one would take room for 17.
    if (this.items === nothing) this.items = [item]
    else this.items.push(item)
    return this.deepen(item)
  }

  /** Takes in how deep an item is nested that the container holds. */
  deepen(item: Item): number {
    const own = ownLevels[this.kind as ContainerKind]
    const depth = typeof item === 'string' ? own : item.depth + own
    if (depth > this.depth) this.depth = depth
    return this.depth
  }
}

/** A container of items. */
export function containerOf(kind: ContainerKind, items: Item[]): Node {
  const node = new Node(kind)
  if (items.length > 0) node.items = items
  node.depth = ownLevels[kind]
  for (const item of items) node.deepen(item)
  node.isHashable = (kind === 'tuple' || kind === 'frozenset') && items.every(isHashable)
  return node
}

/** Whether Python takes it as a key of a dict, or into a set. */
export function isHashable(item: Item): boolean {
  return typeof item === 'string' || item.isHashable
}
