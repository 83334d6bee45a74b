/**
 * The Standard Schema that an application gives for its session data.
 *
 * @module
 */
import { type DataIssue, ImproperlyConfiguredError } from '../errors.ts'

/** The part of a Standard Schema (version 1) that is used here. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
  }
}

/** What a Standard Schema answers. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly DataIssue[] }

/** Checks data; answers what the schema makes of it. */
export type ValidateData = (data: Record<string, unknown>) => SchemaResult<unknown>

/**
 * Takes a schema in.
 *
 * @throws ImproperlyConfiguredError for one that is asynchronous, or that changes what it checks.
 */
export function takeSchema(schema: StandardSchema): ValidateData {
  const standard = schema['~standard']
  if (standard?.version !== 1) {
    throw new ImproperlyConfiguredError('schema', 'must be a Standard Schema of version 1.')
  }
  const validate: ValidateData = (data) => {
    const result = standard.validate(data)
    if (!(result instanceof Promise)) return result
    throw new ImproperlyConfiguredError('schema', 'must be synchronous.')
  }
  validate({})
  return validate
}
