/**
 * How Next builds the web app: workspace packages from source, server packages left outside the bundle.
 *
 * Types are checked by `tsc -p apps/web`, not here: TypeScript 7 has no JavaScript API for Next to call.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** No page may be framed, and nothing is loaded from another host. Scripts inline are Next's own bootstrap. */
const securityHeaders = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'strict-origin-when-cross-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=()' },
]

/** @type {import('next').NextConfig} */
export default {
  transpilePackages: [
    '@isochrone/api',
    '@isochrone/contracts-client',
    '@isochrone/db',
    '@isochrone/domain',
    '@isochrone/protocol',
    '@isochrone/runtime',
    '@isochrone/scheduler',
    '@isochrone/services',
    '@isochrone/verifier',
  ],
  serverExternalPackages: [
    '@prisma/client',
    '@prisma/adapter-pg',
    'pg',
    'ioredis',
    'bullmq',
    'pino',
    'prom-client',
    'secp256k1',
  ],
  typescript: { ignoreBuildErrors: true },
  turbopack: { root },
  outputFileTracingRoot: root,
  poweredByHeader: false,
  devIndicators: false,
  headers: async () => [{ source: '/:path*', headers: securityHeaders }],
}
