/**
 * Integers of any size as pickles keep them: two's complement, the lowest byte first. Bytes are
 * characters here, one each.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'
import { maxIntegerDigits } from './careful-json.ts'

/** What 4,300 decimal digits take, and some. */
const mostBytes = 1800

/**
 * The digits of an integer.
 *
 * @throws PayloadError `tooLarge` past 4,300 digits: JSON has none that are longer, in Python.
 */
export function decodeLong(bytes: string): string {
  const { length } = bytes
  if (length === 0) return '0'
  if (length > mostBytes) throw tooLong()
  let hex = ''
  for (let at = length - 1; at >= 0; at--) {
    hex += bytes.charCodeAt(at).toString(16).padStart(2, '0')
  }
  return checkDigits(BigInt.asIntN(length * 8, BigInt(`0x${hex}`)).toString())
}

/** The digits, if they are not too many. */
export function checkDigits(digits: string): string {
  if (digits.length <= maxIntegerDigits) return digits
  if (digits.replace('-', '').length > maxIntegerDigits) throw tooLong()
  return digits
}

function tooLong(): PayloadError {
  return new PayloadError(
    'tooLarge',
    `A pickle holds an integer of more than ${maxIntegerDigits} digits.`,
  )
}

/** The fewest bytes that hold an integer. */
export function encodeLong(value: bigint): string {
  let bytes = ''
  let rest = value
  do {
    bytes += String.fromCharCode(Number(BigInt.asUintN(8, rest)))
    rest >>= 8n
  } while (rest !== 0n && rest !== -1n)
  const isNegative = bytes.charCodeAt(bytes.length - 1) >= 0x80
  if (isNegative === value < 0n) return bytes
  return bytes + (value < 0n ? '\u00ff' : '\0')
}

/** An unsigned integer of so many bytes. */
export function littleEndian(value: number, size: number): string {
  let bytes = ''
  let rest = value
  for (let at = 0; at < size; at++) {
    bytes += String.fromCharCode(rest % 256)
    rest = Math.floor(rest / 256)
  }
  return bytes
}

const view = new DataView(new ArrayBuffer(8))

/** A float, the highest byte first. */
export function encodeDouble(value: number): string {
  view.setFloat64(0, value)
  let bytes = ''
  for (let at = 0; at < 8; at++) bytes += String.fromCharCode(view.getUint8(at))
  return bytes
}

/** The eight bytes at a position, as a float. */
export function decodeDouble(bytes: string, at: number): number {
  for (let index = 0; index < 8; index++) view.setUint8(index, bytes.charCodeAt(at + index))
  return view.getFloat64(0)
}
