'use client'
/** Says that the page waits for its connection. Nothing on it is lost meanwhile. */
import { useSyncExternalStore } from 'react'
import { Notice } from '~/components/ui/notice.tsx'
import { pageConnection } from '~/lib/page/page-connection.ts'

export function ConnectionNotice() {
  const isLost = useSyncExternalStore(pageConnection.subscribe, pageConnection.isLost, () => false)
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex justify-center px-4">
      {isLost && (
        <Notice tone="warn" className="shadow-sm">
          No connection to the server. The page stays as it is, and goes on by itself.
        </Notice>
      )}
    </div>
  )
}
