/**
 * What a site's users are like: Django's own `auth.User`, or a model of the site's.
 *
 * @module
 */
import { ImproperlyConfiguredError } from '../errors.ts'

/** The type of a primary key, by Django's fields: AutoField, BigAutoField, UUIDField, CharField. */
export type UserKeyType = 'int' | 'bigint' | 'uuid' | 'text'

/** The type of a field. A `date` is text, `2026-02-28`; a `uuid` is text with hyphens. */
export type FieldType = 'text' | 'integer' | 'float' | 'boolean' | 'datetime' | 'date' | 'uuid'

/** A field of a user model. */
export interface UserField {
  readonly type: FieldType
  /** Its column. Default: its name in snake_case. */
  readonly column?: string
  /** What a new user gets where nothing else is given. Default: the column must be given, or nullable. */
  readonly default?: string | number | boolean | null
}

/** How a site's user model differs from `django.contrib.auth.models.User`. */
export interface UserModelOptions {
  /** The type of the primary key. Default `int`. */
  readonly keyType?: UserKeyType
  /** The field that holds the primary key. Default `id`. */
  readonly keyField?: string
  /** `USERNAME_FIELD`, camelCased. Default `username`. */
  readonly usernameField?: string
  /** `EMAIL_FIELD`, camelCased; null where there is none. Default `email`. */
  readonly emailField?: string | null
  /**
   * Fields beyond those of `django.contrib.auth.models.User`, or in their place, by camelCased
   * names; null takes one of Django's away. Default none.
   */
  readonly fields?: Readonly<Record<string, FieldType | UserField | null>>
}

/** A user model, complete. */
export interface UserModel {
  readonly keyType: UserKeyType
  readonly keyField: string
  readonly usernameField: string
  readonly emailField: string | null
  /** All fields but the key, the password among them. */
  readonly fields: ReadonlyMap<string, ModelField>
}

/** A field of a complete model. */
export type ModelField = UserField & { readonly column: string }

const djangoFields: Readonly<Record<string, UserField>> = {
  password: { type: 'text' },
  lastLogin: { type: 'datetime', default: null },
  isSuperuser: { type: 'boolean', default: false },
  username: { type: 'text' },
  firstName: { type: 'text', default: '' },
  lastName: { type: 'text', default: '' },
  email: { type: 'text', default: '' },
  isStaff: { type: 'boolean', default: false },
  isActive: { type: 'boolean', default: true },
  dateJoined: { type: 'datetime' },
}

const keyTypes: readonly unknown[] = ['int', 'bigint', 'uuid', 'text']
const fieldTypes: readonly unknown[] = [
  'text',
  'integer',
  'float',
  'boolean',
  'datetime',
  'date',
  'uuid',
]

/**
 * Completes a user model.
 *
 * @throws ImproperlyConfiguredError
 */
export function userModel(options: UserModelOptions = {}): UserModel {
  const { keyType = 'int', keyField = 'id', usernameField = 'username' } = options
  const fields = completeFields({ ...djangoFields, ...options.fields })
  const { emailField = fields.has('email') ? 'email' : null } = options
  const model = { keyType, keyField, usernameField, emailField, fields }
  checkModel(model)
  return model
}

function completeFields(
  given: Readonly<Record<string, FieldType | UserField | null>>,
): UserModel['fields'] {
  const fields = new Map<string, ModelField>()
  for (const [name, field] of Object.entries(given)) {
    if (field === null) continue
    const {
      type,
      column = snakeCase(name),
      ...rest
    } = typeof field === 'string' ? { type: field } : field
    if (!fieldTypes.includes(type)) {
      throw new ImproperlyConfiguredError(
        `fields.${name}`,
        `must be one of ${fieldTypes.join(', ')}.`,
      )
    }
    fields.set(name, { type, column, ...rest })
  }
  return fields
}

function checkModel({ keyType, keyField, usernameField, emailField, fields }: UserModel): void {
  if (!keyTypes.includes(keyType)) {
    throw new ImproperlyConfiguredError('keyType', `must be one of ${keyTypes.join(', ')}.`)
  }
  if (!fields.has('password')) {
    throw new ImproperlyConfiguredError('fields.password', 'cannot be taken away.')
  }
  if (!fields.has(usernameField) && usernameField !== keyField) {
    throw new ImproperlyConfiguredError('usernameField', `there is no field "${usernameField}".`)
  }
  if (emailField !== null && !fields.has(emailField)) {
    throw new ImproperlyConfiguredError('emailField', `there is no field "${emailField}".`)
  }
}

/** `first_name` of `firstName`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
