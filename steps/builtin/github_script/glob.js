'use strict';
// What scripts know as @actions/glob: patterns of `*`, `?`, `[…]` and `**`, one a line; `!` takes away.

const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');

const escapeCharacter = (c) => c.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

function segmentToExpression(segment) {
  let text = '';
  for (let i = 0; i < segment.length; ++i) {
    const c = segment[i];
    const close = c === '[' ? segment.indexOf(']', segment[i + 1] === '!' ? i + 3 : i + 2) : -1;
    if (c === '\\' && i + 1 < segment.length) text += escapeCharacter(segment[++i]);
    else if (c === '*') text += '[^/]*';
    else if (c === '?') text += '[^/]';
    else if (close > 0) {
      text += '[' + segment.slice(i + 1, close).replace(/^!/, '^').replace(/\\/g, '\\\\') + ']';
      i = close;
    } else text += escapeCharacter(c);
  }
  return text;
}

class Pattern {
  constructor(line, options) {
    this.negate = false;
    while (line.startsWith('!')) {
      this.negate = !this.negate;
      line = line.slice(1).trim();
    }
    if (line === '~' || line.startsWith('~/')) line = os.homedir() + line.slice(1);
    const onlyFolders = line.endsWith('/');
    const segments = path.resolve(line).split('/').slice(1).filter((segment) => segment !== '');
    const literal = [];
    for (const segment of segments) {
      if (/[*?]|\[/.test(segment)) break;
      literal.push(segment);
    }
    this.searchPath = '/' + literal.join('/');
    const body = segments.map((segment) => (segment === '**' ? '(?:/[^/]+)*' : '/' + segmentToExpression(segment))).join('');
    const below = options.implicitDescendants && !onlyFolders;
    this.expression = new RegExp(`^${body || '/'}${below ? '(?:/.*)?' : ''}$`);
    this.onlyFolders = onlyFolders;
  }
  matches(file, isFolder) {
    return this.expression.test(file) && (isFolder || !this.onlyFolders);
  }
}

class Globber {
  constructor(patterns, options) {
    this.options = {
      followSymbolicLinks: true, implicitDescendants: true, matchDirectories: true, omitBrokenSymbolicLinks: true,
      excludeHiddenFiles: false, ...options,
    };
    const lines = patterns.split(/\r?\n/).map((line) => line.trim()).filter((line) => line && !line.startsWith('#'));
    this.patterns = lines.map((line) => new Pattern(line, this.options));
  }
  getSearchPaths() {
    const all = this.patterns.filter((pattern) => !pattern.negate).map((pattern) => pattern.searchPath);
    const isBelow = (file, folder) => folder === '/' || file.startsWith(folder + '/');
    return [...new Set(all)].filter((file) => !all.some((folder) => folder !== file && isBelow(file, folder)));
  }
  stat(file, ancestors) {
    try {
      if (!this.options.followSymbolicLinks) return fs.lstatSync(file);
      const found = fs.statSync(file);
      if (found.isDirectory()) {
        // A link to a folder that is being walked would go round for ever.
        const real = fs.realpathSync(file);
        if (ancestors.includes(real)) return null;
        ancestors.push(real);
      }
      return found;
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
      if (this.options.omitBrokenSymbolicLinks) return null;
      try {
        return fs.lstatSync(file);
      } catch {
        return null;
      }
    }
  }
  *walk(file, ancestors) {
    if (this.options.excludeHiddenFiles && path.basename(file).startsWith('.')) return;
    const inner = [...ancestors];
    const found = this.stat(file, inner);
    if (!found) return;
    const isFolder = found.isDirectory();
    let matched = false;
    for (const pattern of this.patterns) {
      if (pattern.matches(file, isFolder)) matched = !pattern.negate;
    }
    if (matched && (this.options.matchDirectories || !isFolder)) yield file;
    if (!isFolder) return;
    for (const name of fs.readdirSync(file).sort()) yield* this.walk(path.join(file, name), inner);
  }
  async *globGenerator() {
    const seen = new Set();
    for (const folder of this.getSearchPaths()) {
      for (const file of this.walk(folder, [])) {
        if (!seen.has(file)) yield file;
        seen.add(file);
      }
    }
  }
  async glob() {
    const files = [];
    for await (const file of this.globGenerator()) files.push(file);
    return files;
  }
}

const create = async (patterns, options) => new Globber(patterns, options);

async function hashFiles(patterns, currentWorkspace = '', options = {}) {
  const workspace = currentWorkspace || process.env.GITHUB_WORKSPACE || process.cwd();
  const globber = new Globber(patterns, { followSymbolicLinks: options.followSymbolicLinks !== false, matchDirectories: false });
  const all = crypto.createHash('sha256');
  let any = false;
  for await (const file of globber.globGenerator()) {
    if (!file.startsWith(workspace + path.sep) || fs.statSync(file).isDirectory()) continue;
    all.update(crypto.createHash('sha256').update(fs.readFileSync(file)).digest());
    any = true;
  }
  return any ? all.digest('hex') : '';
}

module.exports = { create, hashFiles };
