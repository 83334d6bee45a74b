/**
 * Errors of a set-up that cannot work, thrown at start-up.
 *
 * @module
 */
import { AsyncDjangoError } from './base.ts'

/** A setting is missing, of the wrong type, or contradicts another. Thrown at start-up only. */
export class ImproperlyConfiguredError extends AsyncDjangoError {
  readonly code = 'ERR_IMPROPERLY_CONFIGURED'
  /** The setting to change, by its name in the options. */
  readonly setting: string

  constructor(setting: string, message: string) {
    super(`${setting}: ${message}`)
    this.setting = setting
  }
}

/** An optional package that is needed for what was asked is not installed. */
export class MissingPackageError extends AsyncDjangoError {
  readonly code = 'ERR_MISSING_PACKAGE'
  /** The package to install. */
  readonly packageName: string
  /** What needs it. */
  readonly usedBy: string

  constructor(packageName: string, usedBy: string, options?: ErrorOptions) {
    super(`${usedBy} needs the package "${packageName}": npm install ${packageName}`, options)
    this.packageName = packageName
    this.usedBy = usedBy
  }
}

/** An option that this store cannot honour. Thrown when the store is made. */
export class StoreCapabilityError extends AsyncDjangoError {
  readonly code = 'ERR_STORE_CAPABILITY'
  /** The option. */
  readonly option: string

  constructor(store: string, option: string, message: string) {
    super(`${store} cannot honour ${option}: ${message}`)
    this.option = option
  }
}
