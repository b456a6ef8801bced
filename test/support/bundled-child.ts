// Starts the bundled database on a folder, says where, and stays until it or its parent is killed.
import { startBundled } from '../../src/store/bundled.ts';

const [dataDir = ''] = process.argv.slice(2);
const { url, attached } = await startBundled({
  dataDir,
  log: () => undefined,
  settings: { fsync: 'off' },
});
console.log(JSON.stringify({ url, attached }));
process.stdin.resume().on('end', () => process.exit());
