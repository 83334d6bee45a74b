/**
 * Which of Django's tests are run, and what of this package stands in Django's place meanwhile.
 *
 * @module
 */
/** Some of Django's tests, and what they test. Those that never reach this package are none of them. */
export interface Subject {
  /** What is put in Django's place: a name that `python/plugs.py` knows. */
  readonly plug: string
  /** What Django's test runner is told to run. */
  readonly labels: readonly string[]
}

/** Subjects that belong together. */
export interface Suite {
  readonly name: 'engines' | 'functions' | 'application'
  readonly title: string
  readonly subjects: readonly Subject[]
  /** Series of Django on which it runs. */
  readonly series: readonly string[]
}

const everySeries = ['4.2', '5.2', '6.0', '6.1']

/** All suites. */
export const suites: readonly Suite[] = [
  {
    name: 'engines',
    title: 'Session engines, as `SESSION_ENGINE`',
    series: everySeries,
    subjects: [
      engine(
        'db',
        'DatabaseSessionTests',
        'DatabaseSessionWithTimeZoneTests',
        'SessionMiddlewareTests',
      ),
      engine('cached_db', 'CacheDBSessionTests', 'CacheDBSessionWithTimeZoneTests'),
      engine('cache', 'CacheSessionTests'),
      engine('file', 'FileSessionTests', 'FileSessionPathLibTests'),
      engine('signed_cookies', 'CookieSessionTests'),
    ],
  },
  {
    name: 'functions',
    title: 'Functions and classes, one by one',
    series: everySeries,
    subjects: [
      { plug: 'signing', labels: ['signing', 'signed_cookies_tests'] },
      { plug: 'hashers', labels: ['auth_tests.test_hashers'] },
      {
        plug: 'tokens',
        labels: [
          'auth_tests.test_tokens',
          'auth_tests.test_views.PasswordResetTest',
          'auth_tests.test_views.CustomUserPasswordResetTest',
          'auth_tests.test_views.UUIDUserPasswordResetTest',
          'utils_tests.test_http.URLSafeBase64Tests',
        ],
      },
      { plug: 'csrf', labels: ['csrf_tests'] },
      { plug: 'messages', labels: ['messages_tests'] },
    ],
  },
  {
    name: 'application',
    title: 'Whole applications over our sessions',
    series: ['5.2', '6.1'],
    subjects: [
      {
        plug: 'db',
        labels: [
          'auth_tests',
          'messages_tests',
          'test_client',
          'test_client_regress',
          'csrf_tests',
        ],
      },
    ],
  },
]

function engine(name: string, ...classes: readonly string[]): Subject {
  return {
    plug: name,
    labels: classes.map((one) => `sessions_tests.tests.${one}`),
  }
}
