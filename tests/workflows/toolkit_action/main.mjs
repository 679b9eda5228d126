// One action that does with GitHub's own packages what real actions do with them. Each input `part` is one
// function here; what it finds wrong fails the step.
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as path from 'node:path';
import {DefaultArtifactClient} from '@actions/artifact';
import * as cache from '@actions/cache';
import * as core from '@actions/core';
import * as exec from '@actions/exec';
import * as io from '@actions/io';
import * as tc from '@actions/tool-cache';

function check(what, found, expected) {
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error(`${what}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
  core.info(`ok ${what}`);
}

const parts = {
  async core() {
    core.setSecret('swordfish');
    core.info('the password is swordfish');
    core.exportVariable('FROM_ACTION', 'line one\nline two');
    core.addPath('/opt/from-action');
    core.saveState('state', 'kept');
    await core.summary.addHeading('Toolkit').addRaw('written').write();
    core.notice('noticed', {title: 'A notice', file: 'README.md', startLine: 1});
    core.setOutput('answer', {nested: [1, 2]});
  },
  async exec() {
    const out = await exec.getExecOutput('sh', ['-c', 'echo out; echo err >&2; exit 3'], {ignoreReturnCode: true});
    check('exit code', out.exitCode, 3);
    check('output', [out.stdout, out.stderr], ['out\n', 'err\n']);
    await io.mkdirP('made/deep');
    fs.writeFileSync('made/deep/file', 'x');
    await io.cp('made', 'copied', {recursive: true});
    check('copied', fs.readFileSync('copied/deep/file', 'utf8'), 'x');
    await io.rmRF('made');
    check('removed', fs.existsSync('made'), false);
    check('which', path.basename(await io.which('tar', true)), 'tar');
  },
  async tools() {
    await io.mkdirP('tool/bin');
    fs.writeFileSync('tool/bin/hello', '#!/bin/sh\necho hello from the tool\n', {mode: 0o755});
    await exec.exec('tar', ['-czf', 'tool.tgz', '-C', 'tool', '.']);
    const server = http.createServer((_, response) => fs.createReadStream('tool.tgz').pipe(response));
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    const file = await tc.downloadTool(`http://127.0.0.1:${server.address().port}/tool.tgz`);
    server.close();
    const folder = await tc.cacheDir(await tc.extractTar(file), 'hello', '1.2.3');
    check('found', tc.find('hello', '1.x'), folder);
    check('versions', tc.findAllVersions('hello'), ['1.2.3']);
    core.addPath(path.join(folder, 'bin'));
  },
  async saveCache() {
    await io.mkdirP('deps/sub');
    fs.writeFileSync('deps/sub/file', 'saved by the toolkit');
    const id = await cache.saveCache(['deps'], core.getInput('key'));
    check('saved', id > 0, true);
    check('saved twice', await cache.saveCache(['deps'], core.getInput('key')), -1);
  },
  async restoreCache() {
    check('available', cache.isFeatureAvailable(), true);
    check('miss', await cache.restoreCache(['deps'], 'no-such-key'), undefined);
    check('lookup', await cache.restoreCache(['deps'], 'x', [core.getInput('key').slice(0, -1)], {lookupOnly: true}),
      core.getInput('key'));
    check('hit', await cache.restoreCache(['deps'], core.getInput('key')), core.getInput('key'));
    core.info(fs.readFileSync('deps/sub/file', 'utf8'));
  },
  async uploadArtifact() {
    await io.mkdirP('out/sub');
    fs.writeFileSync('out/sub/file', 'uploaded by the toolkit');
    fs.writeFileSync('out/large', Buffer.alloc(20_000_000, 'large '));
    const client = new DefaultArtifactClient();
    const made = await client.uploadArtifact('toolkit', ['out/sub/file', 'out/large'], 'out', {compressionLevel: 0});
    check('size', made.size > 20_000_000, true);
    const got = await client.getArtifact('toolkit');
    check('digest', [got.artifact.id, got.artifact.digest], [made.id, `sha256:${made.digest}`]);
    let refused = '';
    await client.uploadArtifact('toolkit', ['out/sub/file'], 'out').catch(error => { refused = error.message; });
    check('immutable', /already exists/.test(refused), true);
    await client.uploadArtifact('temporary', ['out/sub/file'], 'out');
    await client.deleteArtifact('temporary');
    check('names', (await client.listArtifacts()).artifacts.map(one => one.name), ['toolkit']);
    core.setOutput('answer', made.id);
  },
  async downloadArtifact() {
    const client = new DefaultArtifactClient();
    const {artifact} = await client.getArtifact('builtin');
    const got = await client.downloadArtifact(artifact.id, {path: 'got', expectedHash: artifact.digest});
    check('mismatch', got.digestMismatch, false);
    core.info(fs.readFileSync('got/sub/file', 'utf8'));
  },
  async identity() {
    const token = await core.getIDToken('sts.example.com');
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
    check('audience', claims.aud, 'sts.example.com');
    core.setOutput('answer', claims.sub);
  },
};

if (core.getState('isPost')) {
  core.info(`post of ${core.getState('isPost')}, state [${core.getState('state')}]`);
} else {
  const part = core.getInput('part', {required: true});
  core.saveState('isPost', part);
  // The clients keep their connections.
  parts[part]().then(() => process.exit(process.exitCode ?? 0), error => { core.setFailed(error.stack); process.exit(1); });
}
