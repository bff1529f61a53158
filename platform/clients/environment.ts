/** The variables of the deployment guide, as `platform -- env` prints them. */
export type Environment = Readonly<Record<string, string>>;

/** A variable that must be there. */
export function required(environment: Environment, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '') throw new Error(`the platform's environment lacks ${name}`);
  return value;
}

/** A variable, or what the deployment guide says it is by default. */
export function optional(environment: Environment, name: string, otherwise: string): string {
  const value = environment[name];
  return value === undefined || value === '' ? otherwise : value;
}
