'use strict';
// What scripts know as @actions/core: inputs, outputs, the log, the summary. By environment files and workflow
// commands, as every step has them.

const fs = require('fs');
const os = require('os');
const path = require('path');
const crypto = require('crypto');

const ExitCode = Object.freeze({ Success: 0, Failure: 1, 0: 'Success', 1: 'Failure' });

const toText = (value) =>
  value === null || value === undefined ? '' : typeof value === 'string' || value instanceof String ? String(value) : JSON.stringify(value);

const escapeData = (value) => toText(value).replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
const escapeProperty = (value) => escapeData(value).replace(/:/g, '%3A').replace(/,/g, '%2C');

function issueCommand(command, properties, message) {
  const given = Object.entries(properties || {}).filter(([, value]) => value);
  const list = given.map(([key, value]) => `${key}=${escapeProperty(value)}`).join(',');
  process.stdout.write(`::${command || 'missing.command'}${list ? ' ' + list : ''}::${escapeData(message)}${os.EOL}`);
}

function appendToFile(variable, text) {
  const file = process.env[variable];
  if (!file) throw new Error(`Unable to find environment variable for file command ${variable.replace('GITHUB_', '')}`);
  if (!fs.existsSync(file)) throw new Error(`Missing file at path: ${file}`);
  fs.appendFileSync(file, text + os.EOL, { encoding: 'utf8' });
}

// A block whose delimiter neither the name nor the value holds.
function keyValueBlock(key, value) {
  const delimiter = `ghadelimiter_${crypto.randomUUID()}`;
  const text = toText(value);
  if (key.includes(delimiter) || text.includes(delimiter)) throw new Error(`Unexpected input: the delimiter "${delimiter}" is in it`);
  return `${key}<<${delimiter}${os.EOL}${text}${os.EOL}${delimiter}`;
}

function exportVariable(name, value) {
  process.env[name] = toText(value);
  appendToFile('GITHUB_ENV', keyValueBlock(name, value));
}

function addPath(folder) {
  appendToFile('GITHUB_PATH', folder);
  process.env.PATH = `${folder}${path.delimiter}${process.env.PATH}`;
}

function getInput(name, options = {}) {
  const value = process.env[`INPUT_${name.replace(/ /g, '_').toUpperCase()}`] || '';
  if (options.required && !value) throw new Error(`Input required and not supplied: ${name}`);
  return options.trimWhitespace === false ? value : value.trim();
}

function getMultilineInput(name, options = {}) {
  const lines = getInput(name, options).split('\n').filter((line) => line !== '');
  return options.trimWhitespace === false ? lines : lines.map((line) => line.trim());
}

function getBooleanInput(name, options) {
  const value = getInput(name, options);
  if (['true', 'True', 'TRUE'].includes(value)) return true;
  if (['false', 'False', 'FALSE'].includes(value)) return false;
  throw new TypeError(
    `Input does not meet YAML 1.2 "Core Schema" specification: ${name}\n` +
      'Support boolean input list: `true | True | TRUE | false | False | FALSE`'
  );
}

const setOutput = (name, value) => appendToFile('GITHUB_OUTPUT', keyValueBlock(name, value));
const saveState = (name, value) => appendToFile('GITHUB_STATE', keyValueBlock(name, value));
const getState = (name) => process.env[`STATE_${name}`] || '';
const setCommandEcho = (enabled) => issueCommand('echo', {}, enabled ? 'on' : 'off');
const setSecret = (secret) => issueCommand('add-mask', {}, secret);

const annotate = (kind) => (message, properties = {}) => {
  const { title, file, startLine, endLine, startColumn, endColumn } = properties;
  issueCommand(kind, { title, file, line: startLine, endLine, col: startColumn, endColumn }, message instanceof Error ? message.toString() : message);
};
const error = annotate('error');
const warning = annotate('warning');
const notice = annotate('notice');
const debug = (message) => issueCommand('debug', {}, message);
const info = (message) => void process.stdout.write(message + os.EOL);
const isDebug = () => process.env.RUNNER_DEBUG === '1';

function setFailed(message) {
  process.exitCode = ExitCode.Failure;
  error(message);
}

const startGroup = (name) => issueCommand('group', {}, name);
const endGroup = () => issueCommand('endgroup', {}, '');
async function group(name, run) {
  startGroup(name);
  try {
    return await run();
  } finally {
    endGroup();
  }
}

async function getIDToken(audience) {
  const address = process.env.ACTIONS_ID_TOKEN_REQUEST_URL;
  const token = process.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN;
  if (!address) throw new Error('Error message: Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable');
  if (!token) throw new Error('Error message: Unable to get ACTIONS_ID_TOKEN_REQUEST_TOKEN env variable');
  const response = await fetch(audience ? `${address}&audience=${encodeURIComponent(audience)}` : address, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
  });
  if (!response.ok) throw new Error(`Error message: Failed to get ID Token. Error Code: ${response.status}`);
  const { value } = await response.json();
  if (!value) throw new Error('Error message: Response json body do not have ID Token field');
  setSecret(value);
  return value;
}

// The step's summary: HTML pieces in a buffer, written to GITHUB_STEP_SUMMARY.
class Summary {
  constructor() {
    this.buffer = '';
  }
  static wrap(tag, content, attributes = {}) {
    const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`).join('');
    return content ? `<${tag}${list}>${content}</${tag}>` : `<${tag}${list}>`;
  }
  async filePath() {
    const file = process.env.GITHUB_STEP_SUMMARY;
    if (!file) throw new Error('Unable to find environment variable for $GITHUB_STEP_SUMMARY. Check if your runtime environment supports job summaries.');
    await fs.promises.access(file, fs.constants.R_OK | fs.constants.W_OK);
    return file;
  }
  async write(options = {}) {
    const file = await this.filePath();
    await (options.overwrite ? fs.promises.writeFile : fs.promises.appendFile)(file, this.buffer, { encoding: 'utf8' });
    return this.emptyBuffer();
  }
  async clear() {
    return this.emptyBuffer().write({ overwrite: true });
  }
  stringify() {
    return this.buffer;
  }
  isEmptyBuffer() {
    return this.buffer.length === 0;
  }
  emptyBuffer() {
    this.buffer = '';
    return this;
  }
  addRaw(text, addEOL = false) {
    this.buffer += text;
    return addEOL ? this.addEOL() : this;
  }
  addEOL() {
    return this.addRaw(os.EOL);
  }
  add(tag, content, attributes) {
    return this.addRaw(Summary.wrap(tag, content, attributes)).addEOL();
  }
  addCodeBlock(code, lang) {
    return this.add('pre', Summary.wrap('code', code), lang ? { lang } : {});
  }
  addList(items, ordered = false) {
    return this.add(ordered ? 'ol' : 'ul', items.map((item) => Summary.wrap('li', item)).join(''));
  }
  addTable(rows) {
    const cell = (value) => {
      if (typeof value === 'string') return Summary.wrap('td', value);
      const { header, data, colspan, rowspan } = value;
      return Summary.wrap(header ? 'th' : 'td', data, { ...(colspan && { colspan }), ...(rowspan && { rowspan }) });
    };
    return this.add('table', rows.map((row) => Summary.wrap('tr', row.map(cell).join(''))).join(''));
  }
  addDetails(label, content) {
    return this.add('details', Summary.wrap('summary', label) + content);
  }
  addImage(src, alt, options = {}) {
    const { width, height } = options;
    return this.add('img', null, { src, alt, ...(width && { width }), ...(height && { height }) });
  }
  addHeading(text, level) {
    const tag = `h${level}`;
    return this.add(['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].includes(tag) ? tag : 'h1', text);
  }
  addSeparator() {
    return this.add('hr', null);
  }
  addBreak() {
    return this.add('br', null);
  }
  addQuote(text, cite) {
    return this.add('blockquote', text, cite ? { cite } : {});
  }
  addLink(text, href) {
    return this.add('a', text, { href });
  }
}
const summary = new Summary();

module.exports = {
  ExitCode, exportVariable, addPath, getInput, getMultilineInput, getBooleanInput, setOutput, saveState, getState,
  setCommandEcho, setSecret, error, warning, notice, debug, info, isDebug, setFailed, startGroup, endGroup, group,
  getIDToken, summary, markdownSummary: summary,
  toPosixPath: (text) => text.replace(/\\/g, '/'),
  toWin32Path: (text) => text.replace(/\//g, '\\'),
  toPlatformPath: (text) => text.replace(/[/\\]/g, path.sep),
  platform: { platform: os.platform(), arch: os.arch(), isWindows: false, isMacOS: false, isLinux: true },
};
