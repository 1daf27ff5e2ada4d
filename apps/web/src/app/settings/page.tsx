/** Settings have one page so far. */
import { redirect } from 'next/navigation'

export default function SettingsPage() {
  redirect('/settings/routing')
}
