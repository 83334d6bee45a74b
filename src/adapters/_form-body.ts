/**
 * A field of a form in a request's body, read from a copy: the body is still the handler's.
 *
 * @module
 */

/** How much of a body is looked at, in bytes: Django's `DATA_UPLOAD_MAX_MEMORY_SIZE`. */
export const maxFormSize = 2_621_440

/** The first bytes of a body. */
export interface BodyStart {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Whether that is all of it. */
  readonly isWhole: boolean
}

/** Whether a body of this type is a form. */
export function isForm(contentType: string | null): contentType is string {
  const [type = ''] = contentType?.split(';', 1) ?? []
  return /^(?:multipart\/form-data|application\/x-www-form-urlencoded)$/i.test(type.trim())
}

/** The text of a field, the last of several; null where there is none, or no form. */
export async function fieldIn(
  start: BodyStart,
  contentType: string,
  name: string,
): Promise<string | null> {
  const form = completed(start, contentType)
  if (form === null) return null
  try {
    const response = new Response(form, { headers: { 'content-type': contentType } })
    const values = (await response.formData()).getAll(name)
    return values.findLast((value) => typeof value === 'string') ?? null
  } catch {
    return null
  }
}

/** Of a form with files that are too large: the parts before. Fields come first where a page says so. */
function completed({ bytes, isWhole }: BodyStart, contentType: string): BodyInit | null {
  if (isWhole) return bytes
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined) return null
  // One character a byte.
  const text = new TextDecoder('latin1').decode(bytes)
  const end = text.lastIndexOf(`\r\n--${boundary}\r\n`)
  return end === -1 ? null : new Blob([bytes.subarray(0, end), `\r\n--${boundary}--\r\n`])
}

/** Reads the first bytes of a stream, and lets the rest be. */
export async function startOf(stream: ReadableStream<Uint8Array>): Promise<BodyStart> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  while (size < maxFormSize) {
    const { value, done } = await reader.read()
    if (done) return { bytes: joined(chunks, size), isWhole: true }
    chunks.push(value)
    size += value.length
  }
  // A copy of a body says that it is cancelled once the body is: nobody waits for it.
  reader.cancel().catch(() => {})
  return { bytes: joined(chunks, size), isWhole: false }
}

/** One array of several. */
export function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
