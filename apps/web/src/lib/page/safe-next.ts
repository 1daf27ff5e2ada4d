/** Where to go after signing in: a path on this site, never another host (`//evil.example` is one). */
export function safeNext(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) ? next : '/dashboard'
}
