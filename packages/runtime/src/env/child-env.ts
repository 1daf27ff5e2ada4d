/** The environment that a child process starts with: ours, with changes on top; undefined removes a variable. */
export function childEnv(changes: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const merged = { ...process.env, ...changes }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as NodeJS.ProcessEnv
}
