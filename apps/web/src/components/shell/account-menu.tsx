'use client'
/** Who is signed in and for which organisation; switching and signing out. */
import { Menu } from '@base-ui/react/menu'
import { useRouter } from 'next/navigation'
import { Check, ChevronsUpDown, LogOut } from 'lucide-react'
import { setActiveOrganisation, signOut } from '~/lib/page/auth-client.ts'
import { switchTabTo } from '~/lib/page/tab-organisation.ts'

export interface AccountMenuProps {
  name: string
  email: string
  organisations: { id: string; name: string }[]
  activeId: string | null
}

const itemStyle =
  'flex h-8 cursor-pointer items-center gap-2 rounded px-2 outline-none data-highlighted:bg-hover data-highlighted:text-ink'

export function AccountMenu({ name, email, organisations, activeId }: AccountMenuProps) {
  const router = useRouter()
  const active = organisations.find(({ id }) => id === activeId)

  async function leave() {
    await signOut()
    switchTabTo(null)
    router.push('/')
    router.refresh()
  }
  async function work(id: string) {
    await setActiveOrganisation(id)
    switchTabTo(id)
    router.refresh()
  }
  return (
    <Menu.Root>
      <Menu.Trigger className="flex h-10 w-full items-center justify-between gap-2 rounded-md px-2 text-left hover:bg-hover">
        <span className="min-w-0">
          <span className="block truncate text-xs font-medium">{active?.name ?? 'No organisation'}</span>
          <span className="block truncate text-2xs text-ink-3">{email}</span>
        </span>
        <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-ink-3" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner side="top" align="start" sideOffset={6} className="z-50">
          <Menu.Popup className="w-56 rounded-lg border border-line bg-raised p-1 text-ink-2 shadow-[0_8px_24px_var(--shadow)] outline-none">
            <Menu.Group>
              <Menu.GroupLabel className="px-2 py-1 text-2xs text-ink-3">Signed in as {name}</Menu.GroupLabel>
              {organisations.map((organisation) => (
                <Menu.Item key={organisation.id} className={itemStyle} onClick={() => void work(organisation.id)}>
                  <span className="min-w-0 flex-1 truncate">{organisation.name}</span>
                  {organisation.id === activeId && <Check aria-label="active" className="size-3.5 text-accent" />}
                </Menu.Item>
              ))}
            </Menu.Group>
            <Menu.Separator className="my-1 h-px bg-line" />
            <Menu.Item className={itemStyle} onClick={() => void leave()}>
              <LogOut aria-hidden className="size-3.5" /> Sign out
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
