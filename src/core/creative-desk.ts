/** What affiliates are given to advertise with: banners, texts, videos. Moments in milliseconds UTC. */
import type { Caller, Paging } from './desk.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';
import type { Page } from './views.ts';

export const CREATIVE_CATEGORIES = ['brand', 'banner', 'product', 'content', 'video', 'document'] as const;
export type CreativeCategory = (typeof CREATIVE_CATEGORIES)[number];

export type CreativeView = {
  readonly id: string;
  readonly programId: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly category: CreativeCategory | null;
  readonly subcategory: string | null;
  /** Where the file is; http or https. */
  readonly url: string | null;
  /** HTML or text as it was given: whoever shows it in a page escapes it. */
  readonly content: string | null;
  readonly tags: readonly string[];
  /** Pixels. */
  readonly dimensions: { readonly width: number; readonly height: number } | null;
  readonly usageNotes: string | null;
  readonly restrictions: string | null;
  readonly createdAt: Moment;
  readonly updatedAt: Moment;
};

export type CreativeInput = Omit<CreativeView, 'id' | 'programId' | 'createdAt' | 'updatedAt'>;

type Answer<T> = Promise<T | Refusal>;

export type CreativeDesk = {
  /** Those of the default program, newest first; `category` null or absent: of all. */
  creatives(
    caller: Caller,
    filter: Paging & { readonly category?: CreativeCategory | null },
  ): Promise<Page<CreativeView>>;
  creative(caller: Caller, id: string): Answer<CreativeView>;
  createCreative(caller: Caller, input: CreativeInput): Promise<CreativeView>;
  /** Only what is given changes. */
  updateCreative(caller: Caller, id: string, changes: Partial<CreativeInput>): Answer<CreativeView>;
  deleteCreative(caller: Caller, id: string): Answer<{ readonly deleted: true }>;
};
