/**
 * The opcodes of pickles, by the names that Python's `pickle` module has for them.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'

/** Opcodes that are not read, by their character: they call, import or look up what they like. */
const refused: Readonly<Record<string, string>> = {
  '0': 'POP',
  '1': 'POP_MARK',
  '2': 'DUP',
  P: 'PERSID',
  Q: 'BINPERSID',
  S: 'STRING',
  T: 'BINSTRING',
  U: 'SHORT_BINSTRING',
  i: 'INST',
  o: 'OBJ',
  '\u0082': 'EXT1',
  '\u0083': 'EXT2',
  '\u0084': 'EXT4',
  '\u0092': 'NEWOBJ_EX',
  '\u0096': 'BYTEARRAY8',
  '\u0097': 'NEXT_BUFFER',
  '\u0098': 'READONLY_BUFFER',
}

/** For an opcode that is not read. */
export function refusedOpcode(code: number): PayloadError {
  const name = refused[String.fromCharCode(code)]
  if (name !== undefined) return unsafePickle(`the opcode ${name}`)
  return malformedPickle('there is no opcode where one is due')
}

/** For what is not read, by its name. */
export function unsafePickle(what: string, advice = ''): PayloadError {
  return new PayloadError('unsafePickle', `A pickle holds ${what}, which is not read.${advice}`)
}

/** For what Python could not read either. */
export function malformedPickle(problem: string): PayloadError {
  return new PayloadError('malformed', `This is not a pickle: ${problem}.`)
}
