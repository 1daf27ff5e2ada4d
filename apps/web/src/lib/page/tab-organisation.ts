/**
 * The organisation that this tab was opened for. All that the tab asks our server to do names it, so that a form of one
 * organisation never acts for another that was chosen in another tab since: the server refuses, and says to reload.
 */
import { ORGANISATION_HEADER } from '@isochrone/domain'

let openedFor: string | null = null
let isNaming = false

/** As the page shows it. The first one stays, whatever a refresh brings: only this tab's own switch, or a reload, changes it. */
export function openTabFor(id: string | null): void {
  openedFor ??= id
  if (isNaming) return
  isNaming = true
  const plain = window.fetch
  window.fetch = (input, init) => plain(input, named(input, init, window.location.origin))
}

/** This tab has switched, or signed out. */
export function switchTabTo(id: string | null): void {
  openedFor = id
}

/** For requests that `fetch` does not send. */
export const tabOrganisation = (): string | null => openedFor

/** What is sent elsewhere, and what only reads, goes as it is. */
function named(input: RequestInfo | URL, init: RequestInit | undefined, origin: string): RequestInit | undefined {
  if (openedFor === null || init?.method !== 'POST' || input instanceof Request) return init
  if (new URL(input, window.location.href).origin !== origin) return init
  const headers = new Headers(init.headers)
  headers.set(ORGANISATION_HEADER, openedFor)
  return { ...init, headers }
}
