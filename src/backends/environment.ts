/** A variable of the process's environment; `undefined` where it is empty or not set, or there are no processes. */
export const environment = (name: string): string | undefined =>
  (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[name] || undefined;
