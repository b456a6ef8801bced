/** Programs and sales by number, for dialects whose ids are integers, and the workspace of who calls without a key. */
import type { Caller, OfficeDesk } from '../../core/desk.ts';
import { refuse, type Refusal } from '../../core/refusals.ts';
import { homeOfProgram, numberOfProgram, numbersOfSale } from '../../store/programs.ts';
import type { Clockwork } from '../clockwork.ts';

export function numberDesk(work: Clockwork): Pick<OfficeDesk, 'atProgram' | 'programNumber' | 'saleNumbers'> {
  return {
    atProgram: (caller, program) => atProgram(work, caller, program),
    async programNumber({ workspace }, programId) {
      const number = await numberOfProgram(work.database.of(workspace), workspace, programId);
      return number === null ? noProgram(programId) : Number(number);
    },
    async saleNumbers({ workspace }, conversionId) {
      const found = await numbersOfSale(work.database.of(workspace), workspace, conversionId);
      if (!found) return refuse('not_found', `There is no conversion "${conversionId}".`);
      const { conversion, commission } = found;
      return { conversion: Number(conversion), commission: commission === null ? null : Number(commission) };
    },
  };
}

export const noProgram = (program: string): Refusal =>
  refuse('not_found', `There is no program "${program}".`, { field: 'program_id' });

async function atProgram(work: Clockwork, caller: Caller, program: string): Promise<Caller | Refusal> {
  const home = await homeOfProgram(work.database.across, program);
  if (!home || (!caller.keyless && home.workspace !== caller.workspace)) return noProgram(program);
  return { ...caller, workspace: home.workspace };
}
