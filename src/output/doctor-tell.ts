import type { Check, Code } from '../doctor/types.ts';
import type { DoctorDocument, Said, Teller } from './doctor-document.ts';
import { LOGS_SENTENCES } from './doctor-logs-sentences.ts';
import { OWN_SENTENCES } from './doctor-own-sentences.ts';
import { SERVER_SENTENCES } from './doctor-server-sentences.ts';
import { SOURCE_SENTENCES } from './doctor-source-sentences.ts';
import { VIEW_SENTENCES } from './doctor-view-sentences.ts';

const SENTENCES: Readonly<Record<Code, Teller>> = {
  ...SOURCE_SENTENCES,
  ...VIEW_SENTENCES,
  ...SERVER_SENTENCES,
  ...LOGS_SENTENCES,
  ...OWN_SENTENCES,
};

/** What a check says and what to do about it, escaped. */
export const tell = (check: Check, document: DoctorDocument): Said => SENTENCES[check.code](check, document);
