'use client'
/** Asks, a moment after the last edit, what a policy leaves; the answer before stays until the next one is there. */
import { useEffect, useRef, useState } from 'react'
import type { RoutingJson, RoutingPreview } from '@isochrone/services'
import { previewRouting } from '~/actions/team.ts'
import type { ActionError } from '~/lib/page/result.ts'

const QUIET_MS = 300

export interface PreviewState {
  data: RoutingPreview | null
  error: ActionError | null
  pending: boolean
}

export function useRoutingPreview(routing: RoutingJson): PreviewState {
  const [state, setState] = useState<PreviewState>({ data: null, error: null, pending: true })
  const wanted = JSON.stringify(routing)
  const newest = useRef(wanted)
  useEffect(() => {
    newest.current = wanted
    setState((was) => ({ ...was, pending: true }))
    async function ask() {
      const result = await previewRouting({ routing: JSON.parse(wanted) as RoutingJson }).catch(() => null)
      if (newest.current !== wanted) return
      setState((was) => ({
        data: result?.ok ? result.data : was.data,
        error: result && !result.ok ? result.error : null,
        pending: false,
      }))
    }
    const timer = setTimeout(() => void ask(), QUIET_MS)
    return () => clearTimeout(timer)
  }, [wanted])
  return state
}
