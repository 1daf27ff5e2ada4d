/** The document: fonts, theme from a cookie, and the shell around every page. */
import type { Metadata, Viewport } from 'next'
import { cookies } from 'next/headers'
import type { ReactNode } from 'react'
import { AppShell } from '~/components/shell/app-shell.tsx'
import { THEME_COOKIE, themeOf } from '~/lib/page/theme.ts'
import { viewer } from '~/server/context.ts'
import { monoFont, textFont } from './fonts.ts'
import './globals.css'

export const metadata: Metadata = {
  title: { default: 'Isochrone', template: '%s · Isochrone' },
  description: 'A marketplace for GPU inference: every request placed where the answer arrives soonest for its price.',
}

export const viewport: Viewport = { colorScheme: 'light dark', width: 'device-width', initialScale: 1 }

export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = themeOf((await cookies()).get(THEME_COOKIE)?.value)
  return (
    <html
      lang="en"
      data-theme={theme === 'system' ? undefined : theme}
      className={`${textFont.variable} ${monoFont.variable}`}
      suppressHydrationWarning
    >
      <body>
        <AppShell viewer={await viewer()} theme={theme}>
          {children}
        </AppShell>
      </body>
    </html>
  )
}
