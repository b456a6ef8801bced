/** A program as it is set up and shown, the groups of its affiliates, and what they are given and asked. Moments in milliseconds UTC. */
import type { CreativeDesk } from './creative-desk.ts';
import type { Caller } from './desk.ts';
import type { OnboardingDesk } from './onboarding-desk.ts';
import type { Refusal } from './refusals.ts';
import type { Moment } from './time.ts';

/** What is shown of a program and decides nothing, by the section of the API it was given in. */
export type ProgramDetails = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type ProgramSetup = {
  readonly id: string;
  readonly name: string;
  /** The workspace's, lower case. */
  readonly currency: string;
  readonly clickWindowDays: number;
  readonly details: ProgramDetails;
  readonly createdAt: Moment;
  readonly updatedAt: Moment;
};

export type ProgramChanges = {
  readonly name?: string;
  readonly clickWindowDays?: number;
  /** Added to what the section has. */
  readonly section?: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> };
};

export type GroupView = {
  readonly id: string;
  readonly programId: string;
  /** Its id, where it is only used and was never made. */
  readonly name: string;
  readonly description: string | null;
  readonly customWebsiteUrl: string | null;
  /** Whoever joins without a group is in it. */
  readonly isDefault: boolean;
  readonly affiliates: number;
  readonly createdAt: Moment;
};

export type GroupInput = Pick<GroupView, 'name' | 'description' | 'customWebsiteUrl' | 'isDefault'>;

type Answer<T> = Promise<T | Refusal>;

/** A program with all that belongs to it. */
export type ProgramDesk = SetupDesk & CreativeDesk & OnboardingDesk;

export type SetupDesk = {
  /** `id` null: the one that serves calls which name none. */
  programSetup(caller: Caller, id: string | null): Answer<ProgramSetup>;
  /** Changes the one that serves calls which name none. */
  changeProgram(caller: Caller, changes: ProgramChanges): Promise<ProgramSetup>;
  /** Those of the default program: made, or used by an affiliate or an incentive. The default one first, then the oldest. */
  groups(caller: Caller): Promise<readonly GroupView[]>;
  group(caller: Caller, id: string): Answer<GroupView>;
  createGroup(caller: Caller, input: GroupInput): Promise<GroupView>;
  /** A group that is only used is made by it. */
  updateGroup(caller: Caller, id: string, changes: Partial<GroupInput>): Answer<GroupView>;
  /** Refused while anybody or anything uses it. */
  deleteGroup(caller: Caller, id: string): Answer<{ readonly deleted: true }>;
};
