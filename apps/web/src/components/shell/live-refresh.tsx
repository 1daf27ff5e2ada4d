'use client'
/**
 * Keeps a page current: asks the server again at an interval while the page is visible. Old rows stay until the new ones
 * are there, and one can stop it.
 */
import { useRouter } from 'next/navigation'
import { useEffect, useState, useTransition } from 'react'
import { Pause, Play } from 'lucide-react'

export interface LiveRefreshProps {
  intervalMs: number
  /** Refresh without showing a control: for pages that wait for one thing. */
  quiet?: boolean
}

export function LiveRefresh({ intervalMs, quiet }: LiveRefreshProps) {
  const router = useRouter()
  const [running, setRunning] = useState(true)
  const [pending, startTransition] = useTransition()
  useEffect(() => {
    // One at a time: where the server takes longer than the interval, a newer one would keep the page from ever changing.
    if (!running || pending) return
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') startTransition(() => router.refresh())
    }, intervalMs)
    return () => clearInterval(timer)
  }, [running, pending, intervalMs, router])

  if (quiet) return null
  return (
    <button
      type="button"
      aria-pressed={running}
      onClick={() => setRunning(!running)}
      title={
        running ? `Refreshes every ${intervalMs / 1_000} s. Press to hold the page still.` : 'Press to refresh again'
      }
      className="inline-flex h-7 items-center gap-1.5 rounded-md border border-line bg-raised px-2 text-xs text-ink-2 hover:bg-hover"
    >
      {running ? <Pause aria-hidden className="size-3" /> : <Play aria-hidden className="size-3" />}
      {running ? `Live · ${intervalMs / 1_000} s` : 'Held'}
    </button>
  )
}
