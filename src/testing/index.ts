/**
 * The contracts of this package as suites of tests, for stores and adapters of your own.
 *
 * @module
 */
export {
  type AdapterAnswer,
  type AdapterHandler,
  type AdapterSuite,
  type AdapterVisit,
  type ServedSite,
  testAdapter,
} from './adapter.ts'
export {
  type OpenedSessionStore,
  type SessionStoreSuite,
  type SuiteRunner,
  testSessionStore,
} from './session-store.ts'
export { peek, poke, type SessionState } from './session-state.ts'
export {
  type GivenPermissions,
  type OpenedUserStore,
  testUserStore,
  type UserStoreSuite,
} from './user-store.ts'
