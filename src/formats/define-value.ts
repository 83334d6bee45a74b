/**
 * Own properties, whatever their names.
 *
 * @module
 */

/** Sets an own property whatever its name: assigning to `__proto__` would change the prototype. */
export function defineValue(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') {
    object[key] = value
    return
  }
  Object.defineProperty(object, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  })
}
