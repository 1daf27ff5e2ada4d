'use client'
/** System, light or dark: a radio group that takes effect at once and lasts a year. */
import { useState } from 'react'
import { Monitor, Moon, Sun } from 'lucide-react'
import { THEME_COOKIE, themes, type Theme } from '~/lib/page/theme.ts'

const looks = {
  system: { icon: Monitor, label: 'System theme' },
  light: { icon: Sun, label: 'Light theme' },
  dark: { icon: Moon, label: 'Dark theme' },
} as const

/** Sets the theme of this document and remembers it. */
export function applyTheme(theme: Theme): void {
  const root = document.documentElement
  if (theme === 'system') delete root.dataset.theme
  else root.dataset.theme = theme
  document.cookie = `${THEME_COOKIE}=${theme}; path=/; max-age=31536000; samesite=lax`
}

export function ThemeSwitch({ initial }: { initial: Theme }) {
  const [theme, setTheme] = useState(initial)
  return (
    <fieldset className="flex items-center rounded-md border border-line p-px">
      <legend className="sr-only">Theme</legend>
      {themes.map((option) => {
        const { icon: Icon, label } = looks[option]
        return (
          <label
            key={option}
            title={label}
            className={`inline-flex size-6 cursor-pointer items-center justify-center rounded has-focus-visible:outline-2 has-focus-visible:outline-accent ${theme === option ? 'bg-hover text-ink' : 'text-ink-3 hover:text-ink'}`}
          >
            <input
              type="radio"
              name="theme"
              value={option}
              checked={theme === option}
              onChange={() => {
                setTheme(option)
                applyTheme(option)
              }}
              className="sr-only"
            />
            <Icon aria-hidden className="size-3.5" />
            <span className="sr-only">{label}</span>
          </label>
        )
      })}
    </fieldset>
  )
}
