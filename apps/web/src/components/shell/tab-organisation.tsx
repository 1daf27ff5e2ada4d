'use client'
/** Tells the tab for which organisation it was opened: see `tab-organisation.ts`. Shows nothing. */
import { useEffect } from 'react'
import { openTabFor } from '~/lib/page/tab-organisation.ts'

export function TabOrganisation({ id }: { id: string | null }) {
  useEffect(() => openTabFor(id), [id])
  return null
}
