/**
 * Who may go on: the one algorithm behind the guards of every adapter. Mirrors
 * `django.contrib.auth.decorators` and `staff_member_required` of `django.contrib.admin`.
 *
 * @module
 */
import { type LoginPage, loginRedirect } from './redirects.ts'
import type { AnonymousUser, ReadOnlyUser } from './user.ts'

/** A visitor, known or not. */
export type Visitor = ReadOnlyUser<object> | AnonymousUser

/** How those who may not go on are answered. */
export interface GuardOptions extends LoginPage {
  /**
   * Answer 401 to who is not logged in and 403 to who is: to programs, which have no use for a login
   * page. Default false: they are sent to the login page, as in Django.
   */
  readonly api?: boolean
}

/** How `permissionRequired` answers. */
export interface PermissionGuardOptions extends GuardOptions {
  /** Answer 403 rather than send to the login page. Default false. */
  readonly raiseException?: boolean
}

/** What is to become of a request. */
export type GuardVerdict =
  | { readonly outcome: 'pass' }
  /** Send the visitor there: status 302. */
  | { readonly outcome: 'redirect'; readonly location: string }
  | { readonly outcome: 'refuse'; readonly status: 401 | 403 }

/**
 * Decides of one request.
 *
 * @param url - What was asked for, whole, as the visitor's browser has it; or what tells it, called
 *   where the visitor is sent to the login page.
 */
export type Guard = (visitor: Visitor, url: string | (() => string)) => Promise<GuardVerdict>

/** Lets those go on for whom the test says true. */
export function userPassesTest(
  test: (visitor: Visitor) => boolean | Promise<boolean>,
  options: GuardOptions = {},
): Guard {
  return async (visitor, url) => {
    if (await test(visitor)) return { outcome: 'pass' }
    if (options.api) return { outcome: 'refuse', status: visitor.isAuthenticated ? 403 : 401 }
    const address = typeof url === 'string' ? url : url()
    return { outcome: 'redirect', location: loginRedirect(address, options) }
  }
}

/** Lets users go on. */
export function loginRequired(options: GuardOptions = {}): Guard {
  return userPassesTest((visitor) => visitor.isAuthenticated, options)
}

/** Lets those go on who may enter Django's admin. Its login page is `/admin/login/` by default. */
export function staffRequired(options: GuardOptions = {}): Guard {
  return userPassesTest((visitor) => visitor.isActive && visitor.isStaff, {
    loginUrl: '/admin/login/',
    ...options,
  })
}

/** Lets those go on who have all of these permissions. @param perms - As `app_label.codename`. */
export function permissionRequired(
  perms: string | readonly string[],
  options: PermissionGuardOptions = {},
): Guard {
  const wanted = typeof perms === 'string' ? [perms] : perms
  const guard = userPassesTest((visitor) => visitor.hasPerms(wanted), options)
  return async (visitor, url) => {
    const verdict = await guard(visitor, url)
    const isRefusal = verdict.outcome === 'redirect' && options.raiseException === true
    return isRefusal ? { outcome: 'refuse', status: 403 } : verdict
  }
}
