/** Every sentence, by its name: the joiner of scripts makes this module from phrases/en.json. */
export const PHRASES: Record<string, string>;
