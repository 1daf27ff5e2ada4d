'use client'
/** Asks before a page is left that would lose something: by a link, by the palette, or by closing the tab. */
import { useRouter } from 'next/navigation'
import { useEffect, useState } from 'react'
import { guardLeaving, leaveFor } from '~/lib/page/leave-guard.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'

export interface LeaveDialogProps {
  /** Something would be lost now. */
  active: boolean
  title: string
  description: string
}

export function LeaveDialog({ active, title, description }: LeaveDialogProps) {
  const router = useRouter()
  const [go, setGo] = useState<{ run: () => void } | null>(null)
  useEffect(() => {
    if (!active) return
    const release = guardLeaving((run) => setGo({ run }))
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault()
    // Before Next's own handler, which would go at once.
    const onClick = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest('a[href]') : null
      if (!(link instanceof HTMLAnchorElement) || !leavesThisTab(event, link)) return
      event.preventDefault()
      event.stopPropagation()
      leaveFor(() => router.push(`${link.pathname}${link.search}`))
    }
    window.addEventListener('beforeunload', onUnload)
    document.addEventListener('click', onClick, true)
    return () => {
      release()
      window.removeEventListener('beforeunload', onUnload)
      document.removeEventListener('click', onClick, true)
    }
  }, [active, router])
  return (
    <Dialog open={go !== null} onOpenChange={(open) => !open && setGo(null)} title={title} description={description}>
      <div className="flex justify-end gap-2">
        <Button onClick={() => setGo(null)}>Stay</Button>
        <Button
          tone="danger"
          onClick={() => {
            setGo(null)
            go?.run()
          }}
        >
          Leave
        </Button>
      </div>
    </Dialog>
  )
}

/** A plain click on a link to another page of ours; new tabs, downloads and anchors lose nothing. */
function leavesThisTab(event: MouseEvent, link: HTMLAnchorElement): boolean {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return false
  if (link.target === '_blank' || link.hasAttribute('download') || link.origin !== window.location.origin) return false
  return link.pathname !== window.location.pathname || link.search !== window.location.search
}
