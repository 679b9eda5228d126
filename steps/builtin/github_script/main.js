'use strict';
// Runs the script of an actions/github-script step: an async function with the names the action documents.

const path = require('path');
const core = require('./core.js');
const context = require('./context.js');
const exec = require('./exec.js');
const glob = require('./glob.js');
const io = require('./io.js');
const { makeClient } = require('./github.js');

const AsyncFunction = Object.getPrototypeOf(async () => null).constructor;

function fail(error) {
  console.error(error);
  core.setFailed(`Unhandled error: ${error}`);
}
process.on('unhandledRejection', fail);

// A relative name is looked up from the working directory, as everything the script can see.
const scriptRequire = new Proxy(require, {
  apply: (target, self, [id]) => {
    if (id.startsWith('.')) return target(path.resolve(id));
    return target(target.resolve(id, { paths: [process.cwd()] }));
  },
});

async function main() {
  if (typeof fetch !== 'function') {
    throw new Error(`Node.js ${process.version} is too old for actions/github-script: it has no fetch; 18 is the first that has`);
  }
  const list = (name) => core.getInput(name).split(',').filter((part) => part.trim() !== '');
  const github = makeClient({
    token: core.getInput('github-token'),
    baseUrl: core.getInput('base-url') || context.apiUrl,
    graphqlUrl: core.getInput('base-url') ? `${core.getInput('base-url').replace(/\/(api\/v3\/?)?$/, '')}/graphql` : context.graphqlUrl,
    userAgent: core.getInput('user-agent') || 'actions/github-script',
    previews: list('previews'),
    retries: parseInt(core.getInput('retries'), 10) || 0,
    doNotRetry: list('retry-exempt-status-codes').map((code) => parseInt(code, 10)),
    debug: core.getBooleanInput('debug'),
  });
  const script = core.getInput('script', { required: true });
  const names = { require: scriptRequire, __original_require__: require, github, octokit: github, context, core, exec, glob, io };
  const result = await new AsyncFunction(...Object.keys(names), script)(...Object.values(names));
  const encoding = core.getInput('result-encoding') || 'json';
  if (encoding !== 'json' && encoding !== 'string') throw new Error('"result-encoding" must be either "string" or "json"');
  const output = encoding === 'json' ? JSON.stringify(result) : String(result);
  core.setOutput('result', output);
}

main().catch(fail);
