/**
 * Holds new passwords against the validators of a site.
 * Mirrors `validate_password` and its family of `django.contrib.auth.password_validation`.
 *
 * @module
 */
import {
  ImproperlyConfiguredError,
  invalidArgument,
  type PasswordProblem,
  PasswordValidationError,
} from '../errors.ts'
import {
  defaultDjangoVersion,
  type DjangoSeries,
  type DjangoVersion,
  readRelease,
} from '../settings.ts'
import {
  type CommonPasswordOptions,
  commonPasswordValidator,
  type MinimumLengthOptions,
  minimumLengthValidator,
  numericPasswordValidator,
  type PasswordValidator,
  type UserAttributeSimilarityOptions,
  userAttributeSimilarityValidator,
} from './password-validators.ts'

const modulePath = 'django.contrib.auth.password_validation.'

/** What each of Django's validators takes. */
interface ValidatorOptions {
  readonly UserAttributeSimilarityValidator: UserAttributeSimilarityOptions
  readonly MinimumLengthValidator: MinimumLengthOptions
  readonly CommonPasswordValidator: CommonPasswordOptions
  readonly NumericPasswordValidator: Readonly<Record<string, never>>
}

type ValidatorName = keyof ValidatorOptions

/** An entry of `AUTH_PASSWORD_VALIDATORS`: the path of a class as Django has it, or its name. */
export type PasswordValidatorEntry = {
  readonly [Name in ValidatorName]: {
    readonly name: Name | `${typeof modulePath}${Name}`
    readonly options?: ValidatorOptions[Name]
  }
}[ValidatorName]

/** Which validators a site has. */
export interface PasswordValidationOptions {
  /** `AUTH_PASSWORD_VALIDATORS`; validators of your own may stand among them. Default none. */
  readonly authPasswordValidators?: readonly (PasswordValidatorEntry | PasswordValidator)[]
  /** The release whose list of common passwords is taken. Default: the newest. */
  readonly djangoVersion?: DjangoVersion
}

/** Holds new passwords against the validators. */
export interface PasswordValidation {
  /**
   * Asks all validators.
   *
   * @param user - Whose password it will be, for what it must not look like.
   * @throws PasswordValidationError with everything that is wrong.
   */
  validatePassword(password: string, user?: object | null): Promise<void>
  /** Tells all validators that want to know that a password was stored. */
  passwordChanged(password: string, user?: object | null): Promise<void>
  /** What to tell users beforehand, in the order of the validators. */
  passwordValidatorsHelpTexts(): readonly string[]
}

/**
 * Wires the validators.
 *
 * @throws ImproperlyConfiguredError
 * @example
 * ```ts
 * const { validatePassword } = createPasswordValidation({
 *   authPasswordValidators: [
 *     { name: 'MinimumLengthValidator', options: { minLength: 10 } },
 *     { name: 'CommonPasswordValidator' },
 *   ],
 * })
 * ```
 */
export function createPasswordValidation(
  options: PasswordValidationOptions = {},
): PasswordValidation {
  const { series } = readRelease(options.djangoVersion ?? defaultDjangoVersion)
  const validators = (options.authPasswordValidators ?? []).map((entry) =>
    'validate' in entry ? entry : makeValidator(entry, series),
  )
  return {
    async validatePassword(password, user = null) {
      if (typeof password !== 'string') throw invalidArgument('A password must be a string.')
      const problems: PasswordProblem[] = []
      for (const validator of validators) {
        const problem = await validator.validate(password, user)
        if (problem !== null) problems.push(problem)
      }
      if (problems.length > 0) throw new PasswordValidationError(problems)
    },
    async passwordChanged(password, user = null) {
      for (const validator of validators) await validator.passwordChanged?.(password, user)
    },
    passwordValidatorsHelpTexts: () => validators.map((validator) => validator.getHelpText()),
  }
}

type Make = (options: never, series: DjangoSeries) => PasswordValidator

const makers: Readonly<Record<ValidatorName, Make>> = {
  UserAttributeSimilarityValidator: userAttributeSimilarityValidator,
  MinimumLengthValidator: minimumLengthValidator,
  CommonPasswordValidator: commonPasswordValidator,
  NumericPasswordValidator: numericPasswordValidator,
}

function makeValidator(entry: PasswordValidatorEntry, series: DjangoSeries): PasswordValidator {
  const name = entry.name.startsWith(modulePath) ? entry.name.slice(modulePath.length) : entry.name
  if (Object.hasOwn(makers, name)) {
    return makers[name as ValidatorName]((entry.options ?? {}) as never, series)
  }
  throw new ImproperlyConfiguredError(
    'authPasswordValidators',
    `there is no validator "${entry.name}".`,
  )
}
