/** The browser's side of sign-in: a few POSTs to better-auth's endpoints, whose cookie is the session. */
export class AuthError extends Error {
  override readonly name = 'AuthError'
}

async function post<T>(path: string, body: unknown): Promise<T> {
  const response = await fetch(`/api/auth${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok) return answer as T
  const message = (answer as { message?: string } | null)?.message
  throw new AuthError(message ?? `Sign-in answered with status ${response.status}. Try again in a moment.`)
}

export const signIn = (input: { email: string; password: string }) => post<unknown>('/sign-in/email', input)

export const signUp = (input: { name: string; email: string; password: string }) =>
  post<unknown>('/sign-up/email', input)

export const signOut = () => post<unknown>('/sign-out', {})

export const setActiveOrganisation = (organizationId: string) =>
  post<unknown>('/organization/set-active', { organizationId })

/** A nonce for one Sign-In with Ethereum; it is used up by the next `siweVerify`. */
export const siweNonce = () => post<{ nonce: string }>('/siwe/nonce', {})

/** Address and chain are read out of the signed message itself. */
export const siweVerify = (input: { message: string; signature: string }) => post<unknown>('/siwe/verify', input)
