/**
 * The tables of users, groups and permissions, by the names that Django gives them.
 *
 * @module
 */
import { ImproperlyConfiguredError } from '../errors.ts'
import { type RawBuilder, sql } from '../stores/_kysely.ts'

/** Where the users are, if not where Django keeps its own. */
export interface UserTableNames {
  /** The user table, with its schema where it needs one. Default `auth_user`. */
  readonly table?: string
  /**
   * The columns of the tables between users, groups and permissions that name the user. Default:
   * what is behind the last `_` of the table's name, as in Django: `user_id` for `auth_user`.
   */
  readonly userColumn?: string
  /** Whether the model has groups and permissions (`PermissionsMixin`). Default true. */
  readonly hasPermissions?: boolean
}

/** The tables, by name. */
export interface UserTables {
  readonly user: string
  readonly userGroups: string
  readonly userPermissions: string
  readonly group: string
  readonly groupPermissions: string
  readonly permission: string
  readonly contentType: string
  /** The column that names a user in `userGroups` and `userPermissions`. */
  readonly userColumn: string
}

/** @throws ImproperlyConfiguredError for a name that cannot be. */
export function userTables({ table = 'auth_user', userColumn }: UserTableNames): UserTables {
  checkName('table', table)
  if (userColumn !== undefined) checkName('userColumn', userColumn)
  const path = table.split('.')
  const own = path.pop() ?? table
  const inSchema = (name: string): string => [...path, name].join('.')
  return {
    user: table,
    userGroups: inSchema(`${own}_groups`),
    userPermissions: inSchema(`${own}_user_permissions`),
    group: inSchema('auth_group'),
    groupPermissions: inSchema('auth_group_permissions'),
    permission: inSchema('auth_permission'),
    contentType: inSchema('django_content_type'),
    userColumn: userColumn ?? `${own.split('_').at(-1)}_id`,
  }
}

function checkName(option: string, value: unknown): void {
  const isName = typeof value === 'string' && value.split('.').every((part) => part !== '')
  if (!isName) throw new ImproperlyConfiguredError(option, 'must be a name.')
}

/** A table's name, quoted. */
export function quoted(table: string): RawBuilder<unknown> {
  return sql.id(...table.split('.'))
}
