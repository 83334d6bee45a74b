/**
 * How user names and e-mail addresses are written when they are stored. Nothing is normalised when
 * somebody logs in. Mirrors `BaseUserManager.normalize_email` and
 * `AbstractBaseUser.normalize_username`.
 *
 * @module
 */
import { strip } from '../formats/python-text.ts'

/** The domain in lower case; an address without an `@` stays as it is, and null is empty. */
export function normalizeEmail(email: string | null): string {
  const given = email ?? ''
  const stripped = strip(given)
  const at = stripped.lastIndexOf('@')
  if (at === -1) return given
  return stripped.slice(0, at + 1) + stripped.slice(at + 1).toLowerCase()
}

/** Compatible characters by their simplest form (NFKC). */
export function normalizeUsername(username: string): string {
  return username.normalize('NFKC')
}
