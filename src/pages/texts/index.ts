/**
 * The texts of all pages, in each language. English is the model: the compiler asks every other language for the same
 * texts, with the same parameters.
 */
import type { Language } from '../language.ts';
import { de } from './de/index.ts';
import { en, type Texts } from './en/index.ts';

export type { Texts } from './en/index.ts';

export const TEXTS: Readonly<Record<Language, Texts>> = { en, de };
