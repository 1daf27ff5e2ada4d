/** The frame of every page: side bar (a drawer on narrow screens), palette, account, theme; the page inside `main`. */
import { Link } from '~/components/ui/link.tsx'
import type { ReactNode } from 'react'
import type { Viewer } from '@isochrone/services'
import { ButtonLink } from '~/components/ui/button.tsx'
import type { Theme } from '~/lib/page/theme.ts'
import { AccountMenu } from './account-menu-loader.tsx'
import { CommandPalette, PaletteButton } from './command-palette.tsx'
import { Logo } from './logo.tsx'
import { ConnectionNotice } from './connection-notice.tsx'
import { MobileMenu } from './mobile-menu.tsx'
import { navGroups } from './nav-items.ts'
import { NavList } from './nav-list.tsx'
import { TabOrganisation } from './tab-organisation.tsx'
import { ThemeSwitch } from './theme-switch.tsx'

export function AppShell({ viewer, theme, children }: { viewer: Viewer | null; theme: Theme; children: ReactNode }) {
  const groups = navGroups({
    signedIn: viewer !== null,
    hasTeam: viewer?.activeOrganisation !== null,
    hasProvider: Boolean(viewer?.activeOrganisation?.providerId),
    isAdmin: viewer?.admin ?? false,
  })
  const footer = (
    <div className="flex flex-col gap-2">
      {viewer ? (
        <AccountMenu
          name={viewer.name}
          email={viewer.email}
          organisations={viewer.organisations.map(({ id, name }) => ({ id, name }))}
          activeId={viewer.activeOrganisation?.id ?? null}
        />
      ) : (
        <div className="grid grid-cols-2 gap-2">
          <ButtonLink href="/sign-in">Sign in</ButtonLink>
          <ButtonLink href="/sign-up" tone="primary">
            Sign up
          </ButtonLink>
        </div>
      )}
      <div className="flex items-center justify-between px-2">
        <span className="text-2xs text-ink-3">Times are UTC</span>
        <ThemeSwitch initial={theme} />
      </div>
    </div>
  )
  return (
    <div className="lg:grid lg:grid-cols-[12.5rem_minmax(0,1fr)]">
      {viewer && <TabOrganisation id={viewer.activeOrganisation?.id ?? null} />}
      <ConnectionNotice />
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-raised focus:px-3 focus:py-2"
      >
        Skip to content
      </a>
      <header className="sticky top-0 z-30 flex h-12 items-center gap-2 border-b border-line bg-canvas px-3 lg:hidden">
        <MobileMenu groups={groups} footer={footer} />
        <Brand />
        <PaletteButton />
      </header>
      <aside className="sticky top-0 hidden h-dvh flex-col gap-4 border-r border-line bg-sunken p-3 lg:flex">
        <Brand />
        <CommandPalette groups={groups} />
        <nav aria-label="Pages" className="-mx-3 min-h-0 flex-1 overflow-y-auto px-3">
          <NavList groups={groups} />
        </nav>
        <div className="shrink-0">{footer}</div>
      </aside>
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto w-full max-w-[1400px] min-w-0 px-4 py-5 outline-none lg:px-6 lg:py-6"
      >
        {children}
      </main>
    </div>
  )
}

function Brand() {
  return (
    <Link href="/" className="flex items-center gap-2 px-1 text-base font-semibold tracking-tight">
      <Logo className="size-6 text-accent" />
      Isochrone
    </Link>
  )
}
