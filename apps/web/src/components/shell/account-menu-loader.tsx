'use client'
/** The account's menu, loaded by those who have an account: visitors get none of it. */
import dynamic from 'next/dynamic'

export const AccountMenu = dynamic(async () => (await import('./account-menu.tsx')).AccountMenu)
