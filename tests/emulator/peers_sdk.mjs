// What the scripts that drive the emulator with AWS's SDK for JavaScript share.
import { createRequire } from 'node:module';
import path from 'node:path';

// From @aws-sdk in PIPELINE_PEERS.
export const require = createRequire(path.join(process.env.PIPELINE_PEERS, 'node', 'package.json'));

export function optionsOf(endpoint) {
  return { endpoint, region: 'eu-central-1', credentials: { accessKeyId: 'EMULATORADMIN', secretAccessKey: 'emulator' } };
}

export async function nameOfError(promise) {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return error.name;
  }
}
