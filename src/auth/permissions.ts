/**
 * What users may do. Mirrors `django.contrib.auth.backends.ModelBackend`: names are
 * `app_label.codename`, and whoever is not active may do nothing.
 *
 * @module
 */
import type { Permissions, UserState } from './user-state.ts'

const none: ReadonlySet<string> = new Set()

/** Permissions that a user has in these ways. Of a single object nothing is known. */
export async function permissionsVia(
  user: UserState,
  ways: readonly (keyof Permissions)[],
  obj: object | null,
): Promise<ReadonlySet<string>> {
  if (!user.flag('isActive') || obj !== null) return none
  const permissions = await user.permissions()
  return new Set(ways.flatMap((way) => [...permissions[way]]))
}

/** Whether a user may do this; a superuser may do also what there is not. */
export async function hasPerm(user: UserState, perm: string, obj: object | null): Promise<boolean> {
  if (!user.flag('isActive')) return false
  if (user.flag('isSuperuser')) return true
  if (obj !== null) return false
  const permissions = await user.permissions()
  return permissions.user.has(perm) || permissions.group.has(perm)
}

/** Whether a user may do all of this. */
export async function hasPerms(
  user: UserState,
  perms: readonly string[],
  obj: object | null,
): Promise<boolean> {
  for (const perm of perms) if (!(await hasPerm(user, perm, obj))) return false
  return true
}

/** Whether a user may do anything in an application. */
export async function hasModulePerms(user: UserState, appLabel: string): Promise<boolean> {
  if (!user.flag('isActive')) return false
  if (user.flag('isSuperuser')) return true
  const all = await permissionsVia(user, ['user', 'group'], null)
  return [...all].some((perm) => perm.split('.', 1)[0] === appLabel)
}
